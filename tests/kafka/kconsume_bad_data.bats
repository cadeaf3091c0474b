#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A value that is not JSON under -f json: all before it is written and may be committed, nothing from it on.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
  new_group
}

@test "status 65; topic[partition]@offset, the value and the remedy are named; the records before are written" {
  printf '%s\n' 1 2 '{"oops' 4 | produce "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once
  assert_equal "${#lines[@]}" 2
  assert_equal "$(jq -c .offset <<<"$output" | paste -sd' ')" '0 1'
  assert_equal "${#stderr_lines[@]}" 1
  assert_regex "$stderr" "^kconsume: $TOPIC\[0\]@2: .*not valid JSON.*\\{\\\\\"oops.*-f string"
}

@test "each way of not being JSON" {
  local bad
  for bad in '""' '"{\"a\":1}x"' '"[1,]"' '"01"' '"1 2"' '"\ufeff1"' '"\"\u0000\""' '"NaN"' '{"base64":"IoAi"}' '{"base64":"Iu2ggCI="}'; do
    new_topic 1
    echo "{\"value\":$bad}" | kadmin produce "$TOPIC"
    run -65 --separate-stderr kconsume -t "$TOPIC" --once
    assert_equal "$output" ""
    assert_regex "$stderr" "$TOPIC\[0\]@0"
  done
}

@test "with a group and a sink: committed up to the bad record, not past it; -f string goes on there" {
  seq 1 1000 | produce "$TOPIC"
  echo 'no json' | produce "$TOPIC"
  seq 1001 1010 | produce "$TOPIC"
  for _ in 1 2; do
    pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once 2>err | ksink-file -q out.ndjson'
    assert_equal "$STATUSES" "65 0"
  done
  committed_is 0 1000
  assert_equal "$(wc -l <out.ndjson)" 1000
  assert_regex "$(tail -1 err)" "$TOPIC\[0\]@1000"
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once -f string | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 1011
  assert_equal "$(jq -c .offset out.ndjson | sort -un | wc -l)" 1011
  assert_equal "$(wc -l <out.ndjson)" 1011
}

@test "a record longer than an error message shows only its beginning" {
  head -c 500000 /dev/zero | tr '\0' x | produce "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once
  ((${#stderr} < 500)) || fail "a message of ${#stderr} characters"
}
