# SPDX-License-Identifier: Apache-2.0
# Members of a group, topics by pattern, partitions that are added, and a sink that hangs.
bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 2
  new_group
  STARTED=()
}

teardown() {
  local pid
  for pid in "${STARTED[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
  done
}

# load_in_background FILE OPTION...: kconsume | ksink-file FILE; the process ids of both are added to STARTED.
load_in_background() {
  mkfifo "$1.pipe"
  kconsume -g "$GROUP" "${@:2}" >"$1.pipe" 2>"$1.err" 3>&- &
  STARTED+=($!)
  ksink-file -q "$1" <"$1.pipe" 2>>"$1.sink-err" 3>&- &
  STARTED+=($!)
}

stored() { cat "$@" 2>/dev/null | wc -l; }

@test "--instance-id: a second process of the same id is told so and ends with 75" {
  seq 100 | produce "$TOPIC" -p 0
  load_in_background one -t "$TOPIC" --instance-id loader-1
  wait_until 20 eval '[[ $(stored one) == 100 ]]'
  load_in_background two -t "$TOPIC" --instance-id loader-1
  # Kafka lets the newer one in and fences the older.
  local status=0
  wait "${STARTED[0]}" || status=$?
  assert_equal "$status" 75
  assert_regex "$(cat one.err)" "instance-id loader-1: another process uses this id"
  kill -TERM "${STARTED[2]}"
  wait "${STARTED[2]}"
}

@test "--instance-id: killed -9 and started again, it stores within 3 s, long before its session ends" {
  seq 100 | produce "$TOPIC" -p 0
  load_in_background one -t "$TOPIC" --instance-id loader-1
  wait_until 20 eval '[[ $(committed_sum "$GROUP" "$TOPIC") == 100 ]]'
  kill -KILL "${STARTED[@]}"
  wait "${STARTED[@]}" || true
  seq 10 | produce "$TOPIC" -p 1
  rm one.pipe
  local before=$EPOCHREALTIME
  load_in_background one -t "$TOPIC" --instance-id loader-1
  wait_until 20 eval '[[ $(stored one) == 110 ]]'
  local ms=$(((${EPOCHREALTIME/./} - ${before/./}) / 1000))
  echo "stored after $ms ms"
  ((ms < 10000)) # its session alone would last that long
  kill -TERM "${STARTED[2]}"
  wait "${STARTED[2]}"
  assert_equal "$(sort one | uniq -d)" ""
}

@test "--instance-id needs a group; a pattern must be one" {
  run -64 --separate-stderr kconsume -t "$TOPIC" --instance-id x
  assert_regex "$stderr" "needs -g"
  run -64 --separate-stderr kconsume --topic-pattern '(' --once
  assert_regex "$stderr" "not a regular expression"
  run -66 --separate-stderr kconsume --topic-pattern 'none-matches' --once
  assert_regex "$stderr" "no topic matches"
}

@test "--topic-pattern takes whole names, with and without a group; --topics-from a list" {
  seq 3 | produce "$TOPIC" -p 0
  kadmin create-topic "$TOPIC-b" 1
  kadmin create-topic "x-$TOPIC" 1
  seq 4 | produce "$TOPIC-b"
  seq 5 | produce "x-$TOPIC"
  run -0 --separate-stderr kconsume -q --topic-pattern "$TOPIC(-.)?" --once
  assert_equal "$(jq -r .topic <<<"$output" | sort | uniq -c | awk '{ print $1 }' | xargs)" "3 4"
  run -0 --separate-stderr kconsume -q -g "$GROUP" --commit none --topic-pattern "$TOPIC(-.)?" --once
  assert_equal "${#lines[@]}" 7
  printf '# all\n%s\n\n  %s-b  # comment\n' "$TOPIC" "$TOPIC" >list
  run -0 --separate-stderr kconsume -q --topics-from list --once
  assert_equal "${#lines[@]}" 7
  run -66 --separate-stderr kconsume -q --topics-from nothing --once
  assert_regex "$stderr" "nothing: cannot be read"
}

@test "partitions and topics that are added under way are read from their first record, whatever --from says" {
  local refresh='topic.metadata.refresh.interval.ms=200'
  seq 50 | produce "$TOPIC" -p 0
  load_in_background out --topic-pattern "$TOPIC.*" --from latest -X "$refresh"
  wait_until 20 grep -q 'reading from' out.err
  seq 51 60 | produce "$TOPIC" -p 0
  wait_until 20 eval '[[ $(stored out) == 10 ]]'
  kadmin add-partitions "$TOPIC" 4
  seq 100 109 | produce "$TOPIC" -p 3
  kadmin create-topic "$TOPIC-new" 1
  seq 200 209 | produce "$TOPIC-new"
  wait_until 30 eval '[[ $(stored out) == 30 ]]'
  kill -TERM "${STARTED[0]}"
  wait "${STARTED[0]}"
  # While nothing runs, too.
  kadmin add-partitions "$TOPIC" 5
  seq 300 309 | produce "$TOPIC" -p 4
  kconsume -q -g "$GROUP" --topic-pattern "$TOPIC.*" --from latest --once | ksink-file -q out
  assert_equal "$(jq -r .value out | sort -n)" "$(printf '%s\n' {51..60} {100..109} {200..209} {300..309})"
}

@test "without a group added partitions are read too" {
  load_out() { kconsume -q -t "$TOPIC" --from latest -X topic.metadata.refresh.interval.ms=200 3>&- >out & STARTED+=($!); }
  load_out
  sleep 1
  kadmin add-partitions "$TOPIC" 3
  seq 100 109 | produce "$TOPIC" -p 2
  wait_until 20 eval '[[ $(stored out) == 10 ]]'
  kill -TERM "${STARTED[0]}"
  wait "${STARTED[0]}"
}

@test "--from latest means the same place after a restart, also where nothing was stored yet" {
  seq 50 | produce "$TOPIC" -p 0
  load_in_background out -t "$TOPIC" --from latest
  wait_until 20 grep -q 'reading from' out.err
  wait_until 20 test -s out.kpipe
  wait_until 20 grep -q '"partition":1' out.kpipe
  kill -KILL "${STARTED[@]}"
  wait "${STARTED[@]}" || true
  seq 51 60 | produce "$TOPIC" -p 0
  seq 70 79 | produce "$TOPIC" -p 1
  kconsume -q -g "$GROUP" -t "$TOPIC" --from latest --once -X session.timeout.ms=6000 | ksink-file -q out
  assert_equal "$(jq -r .value out | sort -n)" "$(seq 51 60; seq 70 79)"
}

@test "--stall-timeout: a sink that hangs ends the run with 75" {
  seq 1000 | produce "$TOPIC" -p 0
  load_in_background out -t "$TOPIC" --stall-timeout 1s
  wait_until 20 eval '[[ $(committed_sum "$GROUP" "$TOPIC") == 1000 ]]'
  kill -STOP "${STARTED[1]}"
  seq 10 | produce "$TOPIC" -p 0
  local status=0
  wait "${STARTED[0]}" || status=$?
  assert_equal "$status" 75
  assert_regex "$(tail -1 out.err)" "10 records were written and not acknowledged.*no progress within --stall-timeout"
  kill -CONT "${STARTED[1]}"
  wait "${STARTED[1]}"
}
