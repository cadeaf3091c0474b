# SPDX-License-Identifier: Apache-2.0
# Filters between kconsume and the sink, and several sinks: what is acknowledged then, and what is refused.
# shellcheck disable=SC2016 # pipelines are expanded by the inner shell
bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 2
  new_group
  seq 600 | awk '{ print "{\"n\":" $1 "}" }' | produce "$TOPIC" -p 0
  seq 601 1000 | awk '{ print "{\"n\":" $1 "}" }' | produce "$TOPIC" -p 1
}

# The idiom of the man page: marks pass, records are filtered.
MARKS='if .mark then . else select(.value.n % 7 == 0) end'

@test "--marks: a filter that drops nearly all leaves no lag, and status 0" {
  export MARKS
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks | jq -c "$MARKS" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  assert_equal "$(jq .value.n out.ndjson | sort -n)" "$(seq 7 7 994)" # the partitions in any order
  committed_is 0 600 1 400
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks | jq -c "if .mark then . else empty end" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  seq 5 | produce "$TOPIC" -p 1
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks | jq -c "if .mark then . else empty end" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  committed_is 0 600 1 405
  assert_equal "$(wc -l <out.ndjson)" 142
}

@test "--marks through --acks FIFO" {
  export MARKS
  mkfifo -m 600 acks
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks --acks acks | jq -c "$MARKS" | ksink-file -q --acks acks out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  committed_is 0 600 1 400
}

@test "--marks: an endless run says where it stands while records keep being dropped" {
  kconsume -q -g "$GROUP" -t "$TOPIC" --marks --commit-interval 100ms 3>&- |
    jq --unbuffered -c 'if .mark then . else empty end' 3>&- | ksink-file -q out.ndjson 3>&- &
  wait_until 20 eval '[[ $(committed_sum "$GROUP" "$TOPIC") == 1000 ]]'
  seq 10 | produce "$TOPIC" -p 0
  wait_until 20 eval '[[ $(committed_sum "$GROUP" "$TOPIC") == 1010 ]]'
  pkill -TERM -f "kconsume -q -g $GROUP"
  wait "$!"
  assert_equal "$(wc -l <out.ndjson)" 0
}

@test "a filter that holds its output back is hinted at" {
  kconsume -g "$GROUP" -t "$TOPIC" --commit-interval 100ms 2>err 3>&- | jq -c . 3>&- | ksink-file -q out.ndjson 3>&- &
  wait_until 40 grep -q 'jq --unbuffered, grep --line-buffered' err
  pkill -TERM -f "kconsume -g $GROUP"
  wait "$!"
  committed_is 0 600 1 400
  assert_equal "$(wc -l <out.ndjson)" 1000
  assert_equal "$(grep -c unbuffered err)" 1
}

@test "one record made into many lines: all of them once, however often the filter dies between them" {
  export EXPLODE='if .mark then . else .value.n as $n | ., ., . | .value = $n end'
  local attempt
  for attempt in 1 2 3; do
    # The filter ends in the middle of a record's lines.
    export CUT=$((650 + attempt))
    pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks 2>/dev/null | jq -c "$EXPLODE" | head -n "$CUT" | ksink-file -q out.ndjson 2>err'
    assert_regex "$STATUSES" '^75 [0-9]+ 0 75$'
  done
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --marks | jq -c "$EXPLODE" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  assert_equal "$(jq .value out.ndjson | sort -n | uniq -c | awk '$1 != 3')" ""
  assert_equal "$(wc -l <out.ndjson)" 3000
  committed_is 0 600 1 400
}

@test "a filter that reorders, strips or breaks records is an error that says what to do" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once 2>err | tac | ksink-file -q out.ndjson 2>said'
  assert_regex "$STATUSES" '^75 [0-9]+ 65$'
  assert_regex "$(cat said)" 'records of a partition must stay in order. Take the filter that reorders'
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once 2>err | jq -c .value | ksink-file -q out2.ndjson 2>said'
  assert_regex "$STATUSES" '^75 [0-9]+ 65$'
  assert_regex "$(cat said)" 'A sink needs topic, partition, offset and value of each record: keep them in the filter'
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once 2>err | head -c 12345 | ksink-file -q out3.ndjson 2>said'
  assert_regex "$STATUSES" '^75 0 75$'
  # Whichever partition came first.
  # shellcheck disable=SC2046 # pairs of partition and offset
  committed_is $(jq .partition out3.ndjson | sort -n | uniq -c | awk '{ print $2, $1 }')
}

@test "--pipe NAME on both ends; a second kconsume of that name is refused and harms nobody" {
  export NAME=orders-$$
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --pipe "$NAME" | jq -c . | ksink-file -q --pipe "$NAME" out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  committed_is 0 600 1 400
  kconsume -q -g "$GROUP" -t "$TOPIC" --pipe "$NAME" 3>&- | ksink-file -q --pipe "$NAME" out.ndjson 3>&- &
  wait_until 20 eval '[[ $(group_members "$GROUP") == 1 ]]'
  run -75 --separate-stderr bash -c 'kconsume -q -g other -t "$TOPIC" --pipe "$NAME" | cat; exit "${PIPESTATUS[0]}"'
  assert_regex "$stderr" 'another kconsume listens there'
  echo '{"n":1001}' | produce "$TOPIC" -p 1
  wait_until 20 eval '[[ $(committed_sum "$GROUP" "$TOPIC") == 1001 ]]'
  pkill -TERM -f "kconsume -q -g $GROUP"
  wait "$!"
  run -64 --separate-stderr kconsume -t "$TOPIC" --pipe a/b --once
  assert_regex "$stderr" "not a name"
}

@test "--sinks 2 behind a tee: committed is what both have stored" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --pipe "$GROUP" --sinks 2 | tee >(ksink-file -q --pipe "$GROUP" a.ndjson) | ksink-file -q --pipe "$GROUP" b.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  cmp a.ndjson b.ndjson
  assert_equal "$(wc -l <a.ndjson)" 1000
  committed_is 0 600 1 400
  assert_regex "$(committed "$GROUP" "$TOPIC" | cut -f 3 | sort -u)" 'sink=file:.*a.ndjson\+file:.*b.ndjson$'
  # One is behind: it alone gets what it lacks.
  rm b.ndjson b.ndjson.kpipe
  new_group
  echo '{"n":1001}' | produce "$TOPIC" -p 1
  run -75 --separate-stderr bash -c 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --sinks 2 | ksink-file -q b.ndjson; exit "${PIPESTATUS[0]}"'
  assert_regex "$stderr" '1 of 2 sinks have introduced themselves'
  committed_is
}
