#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same move by Kafka's own kafka-consumer-groups and by kseek, on one topic and two groups that stand alike: both must
# announce the same new offsets, and both groups must then have them, as a third client (kadmin, Python) reads them.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load kseek

# Three partitions with 2 to 12, 0 to 12 and nothing; record N is (12 - N) * 10 minutes old, and 5 minutes more, so that no
# answer changes while the tests run. 1970's would be as good, but not for a duration.
setup_file() {
  new_topic 3
  local now p
  now=$(date +%s)
  for p in 0 1; do
    seq 0 11 | awk -v now="$now" -v p=$p '{ printf "{\"partition\":%d,\"timestamp\":%d000,\"value\":\"x\"}\n", p, now - (12 - $1) * 600 - 300 }' |
      kadmin produce "$TOPIC"
  done
  kadmin delete-records "$TOPIC" 0 2
  export RECORD_7=$((now - 5 * 600 - 300))
}

teardown() { seek_teardown; }

setup() {
  seek_setup
  # shellcheck source=packaging/lib/common.bash
  source "$KPIPE_TOP/packaging/lib/common.bash"
  # shellcheck source=packaging/lib/servers.bash
  source "$KPIPE_TOP/packaging/lib/servers.bash"
  KAFKAS=$(unique k)
  OURS=$(unique p)
  local group
  for group in "$KAFKAS" "$OURS"; do
    kadmin commit "$group" "$TOPIC" 0 5
    kadmin commit "$group" "$TOPIC" 1 8
    kadmin commit "$group" "$TOPIC" 2 0
  done
}

# kafkas OPTION...: kafka-consumer-groups for its group; stdout in the file kafka.out.
kafkas() {
  (kafka_java -Xmx64m org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$KAFKA_BOOTSTRAP" \
    --group "$KAFKAS" "$@") >kafka.out 2>kafka.err || fail "kafka-consumer-groups $*: $(cat kafka.out kafka.err)"
}

# "PARTITION OFFSET" lines of what each announced, and of what is committed.
announced_by_kafka() { awk -v topic="$TOPIC" '$2 == topic { print $3, $4 }' kafka.out | sort; }
announced_by_us() { jq -r '"\(.partition) \(.offset)"' <<<"$output" | sort; }
stands() { committed "$1" "$TOPIC" | cut -f 1,2 | tr '\t' ' '; }

# same EXPECTED KAFKA'S-OPTIONS [KSEEK'S-OPTIONS]: both tools move their group to EXPECTED ("partition offset, ...").
same() {
  local expected=${1//, /$'\n'} theirs=$2 ours=${3-$2}
  # shellcheck disable=SC2086  # words
  kafkas --reset-offsets --topic "$TOPIC" $theirs --execute
  # shellcheck disable=SC2086
  run --separate-stderr kseek -g "$OURS" -t "$TOPIC" $ours --execute
  assert_equal "$status" 0
  assert_equal "$(announced_by_kafka)" "$expected"
  assert_equal "$(announced_by_us)" "$expected"
  assert_equal "$(stands "$KAFKAS")" "$expected"
  assert_equal "$(stands "$OURS")" "$expected"
}

@test "--to-earliest" { same '0 2, 1 0, 2 0' --to-earliest; }
@test "--to-latest" { same '0 12, 1 12, 2 0' --to-latest; }
@test "--to-offset, beyond an end with --clamp" { same '0 9, 1 9, 2 0' '--to-offset 9' '--to-offset 9 --clamp'; }
@test "--shift-by" { same '0 2, 1 3, 2 0' '--shift-by -5' '--shift-by -5 --clamp'; }
@test "--to-datetime, which Kafka's tool reads as UTC's" {
  local time
  time=$(date -u -d "@$RECORD_7" +%Y-%m-%dT%H:%M:%S.000)
  same '0 7, 1 7, 2 0' "--to-datetime $time" "--to-datetime $time --tz UTC"
}
@test "--by-duration" { same '0 8, 1 8, 2 0' '--by-duration PT50M'; }

@test "--to-current, exported as CSV that kseek reads" {
  kafkas --reset-offsets --topic "$TOPIC" --to-current --export --dry-run
  run --separate-stderr kseek -g "$OURS" -t "$TOPIC" --to-current
  assert_equal "$status" 0
  assert_equal "$(announced_by_us)" $'0 5\n1 8\n2 0'
  assert_equal "$(tr -d '"' <kafka.out | grep "^$TOPIC," | cut -d , -f 2,3 | tr , ' ' | sort)" "$(announced_by_us)"
  new_group
  grep "$TOPIC," kafka.out | kseek -q -g "$GROUP" --from-file - --create-group --execute
  assert_equal "$(stands "$GROUP")" $'0 5\n1 8\n2 0'
}

@test "--from-file, the same CSV" {
  printf '%s,0,11\n%s,1,3\n' "$TOPIC" "$TOPIC" >plan.csv
  kafkas --reset-offsets --from-file plan.csv --execute
  run --separate-stderr kseek -g "$OURS" --from-file plan.csv --execute
  assert_equal "$status" 0
  assert_equal "$(announced_by_kafka)" $'0 11\n1 3'
  assert_equal "$(announced_by_us)" $'0 11\n1 3'
  assert_equal "$(stands "$KAFKAS")" $'0 11\n1 3\n2 0'
  assert_equal "$(stands "$OURS")" $'0 11\n1 3\n2 0'
}

@test "--delete-offsets" {
  kafkas --delete-offsets --topic "$TOPIC:0"
  run --separate-stderr kseek -g "$OURS" -t "$TOPIC:0" --delete-offsets --execute
  assert_equal "$status" 0
  assert_equal "$(stands "$KAFKAS")" $'1 8\n2 0'
  assert_equal "$(stands "$OURS")" $'1 8\n2 0'
}

@test "a share group has no committed offsets to move" {
  new_topic
  (kafka_java -Xmx64m org.apache.kafka.tools.consumer.ConsoleShareConsumer --bootstrap-server "$KAFKA_BOOTSTRAP" \
    --topic "$TOPIC" --group "$GROUP") >share.out 2>share.err 3>&- &
  member=$!
  # It begins at the end: a record that it got was written after it had joined.
  got_one() { echo x | produce "$TOPIC" && [[ -s share.out ]]; }
  wait_until 60 got_one || fail "$(cat share.err)"
  run --separate-stderr kseek -q -g "$GROUP" -t "$TOPIC:0" --to earliest --create-group --execute
  assert_equal "$status" 66
  assert_equal "$(tail -n 1 <<<"$stderr")" \
    "kseek: $GROUP: ${TOPIC}[0]: not moved: the name belongs to a group that commits no offsets (a share group, for example). Check the name"
}
