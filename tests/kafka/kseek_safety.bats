#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What kseek refuses, waits for and reports, each with its message and exit status.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load kseek

setup() { seek_setup; }
teardown() { seek_teardown; }

@test "outside the log: refused by name, the nearest end with --clamp" {
  fill
  seek -t "$TOPIC" --to -4 --execute
  assert_equal "$status" 65
  assert_equal "$output" ""
  assert_equal "$stderr" "kseek: ${TOPIC}[0]@1: outside the log, which has 2 to 10. --clamp takes the nearest end"
  seek -t "$TOPIC" --to 1 --execute
  assert_equal "$status" 65
  seek -t "$TOPIC" --to-offset 11 --execute
  assert_equal "$status" 65
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC" --to 11 --execute --clamp
  assert_equal "$status" 0
  assert_equal "$(jq -c '[.offset,.clamped]' <<<"$output" | sort -u)" '[10,true]'
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 20
}

@test "a time that was taken for an offset or read in the wrong unit is asked about" {
  fill
  seek -t "$TOPIC:0" --to 1793491200 --execute
  assert_equal "$status" 65
  assert_equal "$stderr" "kseek: ${TOPIC}[0]@1793491200: outside the log, which has 2 to 10. Did you mean seconds since 1970? \
--to @1793491200 is 2026-11-01T00:00:00Z; --clamp takes the nearest end"
  seek -t "$TOPIC" --to @1793491200ms --execute
  assert_equal "$status" 64
  assert_equal "$stderr" "kseek: --to: '@1793491200ms': that is 1970-01-21T18:11:31.200Z. Did you mean seconds? Write 1793491200s"
}

@test "a date-time without a zone is refused, unless --tz names it" {
  fill
  seek -t "$TOPIC" --to-datetime 1970-01-01T01:00:05
  assert_equal "$status" 64
  assert_equal "$stderr" "kseek: --to-datetime: '1970-01-01T01:00:05': a date-time without a zone: whose clock? \
Write 1970-01-01T01:00:05Z for UTC, or +01:00 in place of Z, or name the zone with --tz"
  seek -t "$TOPIC" --to-datetime 1970-01-01T01:00:05 --tz Europe/Berlin
  assert_equal "$status" 0
  assert_equal "$(targets)" "[0,5,4,-1] [1,6,4,-2]"
  assert_equal "${stderr_lines[0]}" "kseek: --to-datetime 1970-01-01T01:00:05 is 1970-01-01T00:00:05Z"
}

@test "a time past the end of the log says so" {
  fill
  seek -t "$TOPIC" --to @2026-01-01T00:00Z
  assert_equal "$status" 0
  assert_equal "${stderr_lines[1]}" \
    "kseek: warning: --to @2026-01-01T00:00Z: later than the last record of 2 partitions: they go to the end"
  assert_equal "$(jq -c '[.offset,.after_last_record]' <<<"$output" | sort -u)" '[10,true]'
}

@test "an unknown group is refused, made with --create-group" {
  fill
  new_group
  seek -t "$TOPIC" --to 4 --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $GROUP: no such group. kgroups list shows what is there; --create-group makes it"
  assert_equal "$(committed "$GROUP" "$TOPIC")" ""
  seek -t "$TOPIC" --delete --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $GROUP: no such group. kgroups list shows what is there"
  seek -t "$TOPIC" --to 4 --execute --create-group
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t4\tkpipe gen=1\n1\t4\tkpipe gen=1'
}

@test "an unknown topic or partition is refused" {
  fill
  local none
  none=$(unique t)
  seek -t "$TOPIC,$none" --to earliest --execute
  assert_equal "$status" 66
  [[ $stderr == "kseek: $none: "*"Unknown topic"*". Check the name" ]]
  seek -t "$TOPIC:0-2" --to earliest --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: ${TOPIC}[2]: no such partition. The topic has 2, 0 to 1"
  seek --topic-pattern "$none.*" --to earliest --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: --topic-pattern: $none.*: no topic matches. It must match the whole name"
  seek --from-file - --execute <<<"$none,0,5"
  assert_equal "$status" 66
  [[ $stderr == "kseek: $none: "*"Unknown topic"*". Check the name" ]]
  seek --from-file - --execute <<<"$TOPIC,7,5"
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: ${TOPIC}[7]: no such partition. The topic has 2, 0 to 1"
  seek --from-file - --execute <<<"$TOPIC,0,5"$'\n'"$TOPIC,7,5"
  assert_equal "$status" 66
  [[ $stderr == "kseek: ${TOPIC}[7]: read the log's ends: "*". Check the name" ]]
  seek -t "$none" --delete --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $GROUP: nothing committed for $none. kgroups lag shows what is"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
}

@test "nothing committed to move from, or to delete" {
  fill
  new_group
  kadmin commit "$GROUP" "$TOPIC" 0 5
  seek -t "$TOPIC" --to +1 --execute
  assert_equal "$status" 65
  assert_equal "$stderr" "kseek: ${TOPIC}[1]: the group has committed nothing there. --to +1 moves from a committed offset: \
name a place, such as --to earliest"
  seek -t "$TOPIC:1" --delete --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $GROUP: nothing committed for ${TOPIC}[1]. kgroups lag shows what is"
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t5\t'
}

@test "an active group is refused with its members, and moved once they have left" {
  fill
  kcat -q -b "$KAFKA_BOOTSTRAP" -X client.id=$'hol\e[31mder' -X enable.auto.commit=false -G "$GROUP" "$TOPIC" >/dev/null 2>&1 3>&- &
  member=$!
  wait_until 30 holds_two
  seek -t "$TOPIC" --to earliest --execute
  assert_equal "$status" 75
  assert_equal "$output" ""
  assert_equal "$stderr" "kseek: $GROUP: the group is active (Stable): hol\\x1b[31mder on 127.0.0.1 with $TOPIC:0-1. \
Stop them, then try again, or wait for them with --wait 30s"
  seek -t "$TOPIC" --delete --execute
  assert_equal "$status" 75
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC" --to earliest
  assert_equal "$status" 0
  [[ $stderr == *"the group is active"*"must be stopped before --execute"*"dry run"* ]]
  kill "$member"
  wait "$member" || true
  member=
  wait_until 20 no_members
  seek -t "$TOPIC" --to earliest --execute
  assert_equal "$status" 0
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 4
}

# waits_for LEAVE [kconsume option...]: --wait sees the member, LEAVE makes it go, and the group is moved.
waits_for() {
  local leave=$1
  shift
  fill
  join "$@"
  kseek -g "$GROUP" -t "$TOPIC" --to latest --execute --wait 50s >plan 2>err 3>&- &
  local waiting=$!
  wait_until 20 grep -q 'Waiting for them to leave' err
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  kill "-$leave" "$member"
  wait "$member" || true
  member=
  wait "$waiting"
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 20
}

@test "--wait: until the members of a classic group have left" { waits_for TERM; }
@test "--wait: until a KIP-848 group's members have left" { waits_for TERM -X group.protocol=consumer; }
@test "--wait: until the session of a static member that was killed is over" {
  waits_for KILL --instance-id one -X session.timeout.ms=1500 -X heartbeat.interval.ms=300
}
@test "--wait: until the session of a static KIP-848 member that was killed is over" {
  waits_for KILL --instance-id one -X group.protocol=consumer
}
@test "--wait: until the session of a static KIP-848 member that said goodbye is over" {
  waits_for TERM --instance-id one -X group.protocol=consumer
}

@test "--wait: refused with the members when they stay, and a signal ends it" {
  fill
  join --instance-id stays -X group.protocol=consumer
  seek -t "$TOPIC" --to latest --execute --wait 300ms
  assert_equal "$status" 75
  [[ $stderr == *"kseek: $GROUP: the group is active (Stable): "*"(static member stays)"*" with $TOPIC:0-1. They did not leave in time" ]]
  assert_equal "$output" ""
  kseek -g "$GROUP" -t "$TOPIC" --to latest --execute --wait 50s >plan 2>err 3>&- &
  local waiting=$!
  wait_until 20 grep -q 'Waiting for them to leave' err
  kill -INT "$waiting"
  local status=0
  wait "$waiting" || status=$?
  assert_equal "$status" 75
  assert_equal "$(tail -n 1 err)" "kseek: --wait: stopped by a signal. Nothing was changed"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
}

@test "an offset that an open transaction is about to commit is not moved from under it" {
  fill
  kadmin commit-pending "$GROUP" "$TOPIC" 1 9
  local scope
  for scope in "-t $TOPIC --to earliest" '--all-topics --to earliest' '--all-topics --delete' "-t $TOPIC:1 --to latest"; do
    # shellcheck disable=SC2086  # words
    seek $scope --execute
    assert_equal "$status" 75
    assert_equal "$stderr" "kseek: ${TOPIC}[1]: read the committed offset: an open transaction is about to commit another one. \
Try again when it has ended"
  done
  run --separate-stderr kseek -g "$(unique g)" --from-group "$GROUP" --create-group --execute
  assert_equal "$status" 75
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC:0" --to latest --execute
  assert_equal "$status" 0
}

@test "a partition that Kafka refuses is named, the others are moved, exit 1" {
  fill
  # Kafka takes metadata of 4096 bytes (offset.metadata.max.bytes): a generation of three digits is one too many.
  local sink
  sink=$(printf '%4078s' '' | tr ' ' s)
  kadmin commit "$GROUP" "$TOPIC" 0 5 --metadata "kpipe gen=9 sink=$sink"
  kadmin commit "$GROUP" "$TOPIC" 1 6 --metadata "kpipe gen=9 sink=x"
  seek -t "$TOPIC" --to latest --generation 100 --execute
  assert_equal "$status" 1
  [[ $stderr == *"kseek: $GROUP: ${TOPIC}[0]: not moved: "*"metadata"*"kseek: $GROUP: 1 partition moved"* ]]
  assert_equal "$(committed "$GROUP" "$TOPIC" | cut -f 1,2)" $'0\t5\n1\t10'
  seek -t "$TOPIC:0" --to latest --generation 101 --execute
  assert_equal "$status" 65
}

@test "of several groups the good ones are moved, exit 1" {
  fill
  local first=$GROUP none
  none=$(unique g)
  new_group
  kadmin commit "$GROUP" "$TOPIC" 0 3
  run --separate-stderr kseek -g "$first,$none" -g "$GROUP" -t "$TOPIC:0" --to latest --execute
  assert_equal "$status" 1
  assert_equal "$(jq -c '[.group,.offset]' <<<"$output" | paste -sd ' ')" "[\"$first\",10] [\"$GROUP\",10]"
  assert_equal "${stderr_lines[0]}" "kseek: $none: no such group. kgroups list shows what is there; --create-group makes it"
  assert_equal "$(committed_sum "$first" "$TOPIC") $(committed_sum "$GROUP" "$TOPIC")" "16 10"
  run --separate-stderr kseek -g "$none,$(unique g)" -t "$TOPIC" --to latest --execute
  assert_equal "$status" 66
}

@test "an unreachable broker is 69" {
  seek -t x --to earliest -b 127.0.0.1:1 --timeout 500ms
  assert_equal "$status" 69
}
