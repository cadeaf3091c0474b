#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a line looks like, and what keys are: --envelope, --timestamp-format, --topic-prefix, --key-format, --unwrap-schema.
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

census='{"location":"klamath","scientist":"anderson","count":23}'

@test "value: the bare value; with a group into a pipe it says that nobody can acknowledge" {
  echo "bees:$census" | produce "$TOPIC" -K:
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --envelope value
  assert_equal "$output" "$census"
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --envelope value 2>err | cat'
  assert_equal "$STATUSES" "64 0"
  assert_regex "$(cat err)" "^kconsume: --envelope value: .*--commit written or none"
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --envelope value --commit written | cat'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 1
}

@test "nested, prefixed, kcat: the fields in their order; jq reads kcat -J and ours alike" {
  echo "bees:$census" | produce "$TOPIC" -K: -H h=v
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --envelope nested
  assert_equal "$(jq -c 'del(.metadata.time)' <<<"$output")" \
    '{"data":'"$census"',"metadata":{"key":"bees","partition":0,"offset":0,"topic":"'"$TOPIC"'","headers":[{"key":"h","value":"v"}]}}'
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --envelope prefixed
  assert_equal "$(jq -c '[keys_unsorted[]]' <<<"$output")" \
    '["location","scientist","count","_kafka_topic","_kafka_partition","_kafka_offset","_kafka_timestamp","_kafka_key","_kafka_headers"]'
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --envelope kcat
  assert_equal "$(jq -cS '.payload |= tojson' <<<"$output")" "$(kcat -q -b "$KAFKA_BOOTSTRAP" -C -t "$TOPIC" -e -J | jq -cS .)"
}

@test "sinks store nested, prefixed and kcat lines exactly once, as they do record lines" {
  seq 1 500 | jq -c '{id:.}' | produce "$TOPIC"
  local shape
  for shape in record nested prefixed kcat; do
    GROUP=$(unique g)
    for _ in 1 2; do
      pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --timestamp-format rfc3339 --envelope '$shape' | ksink-file -q '$shape.ndjson
      assert_equal "$STATUSES" "0 0"
    done
    assert_equal "$(wc -l <$shape.ndjson)" 500
    committed_is 0 500
  done
  assert_equal "$(jq -s 'map(._kafka_offset) | unique | length' prefixed.ndjson)" 500
}

@test "timestamps as text are the same moments" {
  seq 1 3 | produce "$TOPIC"
  kconsume -t "$TOPIC" --once | jq .timestamp >ms
  kconsume -t "$TOPIC" --once --timestamp-format rfc3339 | jq -r .timestamp >text
  assert_equal "$(wc -l <text)" 3
  assert_equal "$(while read -r at; do date -d "$at" +%s%3N; done <text)" "$(cat ms)"
}

@test "a prefix is in the lines, the acknowledgements and the sink, and not in Kafka" {
  seq 1 100 | produce "$TOPIC"
  for _ in 1 2; do
    pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --topic-prefix ext. | ksink-file -q out.ndjson'
    assert_equal "$STATUSES" "0 0"
  done
  assert_equal "$(jq -r .topic out.ndjson | sort -u)" "ext.$TOPIC"
  assert_equal "$(wc -l <out.ndjson)" 100
  committed_is 0 100
  seq 1 10 | produce "$TOPIC"
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --topic-prefix ext. --marks | jq -c "if .mark then . else select(.value % 2 == 0) end" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  assert_equal "$(wc -l <out.ndjson)" 105
  committed_is 0 110
}

@test "keys: text by default, JSON or bytes when asked; a bad key is bad data" {
  printf '%s\n' '{"id":1}|1' '7|2' | produce "$TOPIC" -K'|'
  assert_equal "$(kconsume -t "$TOPIC" --once | jq -c .key | paste -sd' ')" '"{\"id\":1}" "7"'
  assert_equal "$(kconsume -t "$TOPIC" --once --key-format json | jq -c .key | paste -sd' ')" '{"id":1} 7'
  assert_equal "$(kconsume -t "$TOPIC" --once --key-format raw | jq -c .key | paste -sd' ')" '{"base64":"eyJpZCI6MX0="} {"base64":"Nw=="}'
  echo 'a b|3' | produce "$TOPIC" -K'|'
  run -65 --separate-stderr kconsume -t "$TOPIC" --once --key-format json
  assert_equal "${#lines[@]}" 2
  assert_regex "$stderr" "^kconsume: $TOPIC\[0\]@2: the key is not valid JSON: \"a b\""
}

@test "Kafka Connect's JSON with schemas is unwrapped; what is not wrapped is bad data" {
  echo '{"schema":{"type":"struct","fields":[{"field":"a","type":"double"}]},"payload":{"a":1.10}}' | produce "$TOPIC"
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --unwrap-schema --envelope value
  assert_equal "$output" '{"a":1.10}'
  echo '{"a":1}' | produce "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once --unwrap-schema --envelope value
  assert_regex "$stderr" "$TOPIC\[0\]@1: the value is not Connect's .*--unwrap-schema"
}
