#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad records that are passed: skipped, or put aside in a topic or a file.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
  DEAD=$TOPIC-dead
  export DEAD
  kadmin create-topic "$DEAD" 1
  new_group
}

# mixed N: lines 1..N, each tenth of which is no JSON.
mixed() { seq 1 "$1" | sed 's/.*0$/no json &/'; }

dead_letters() { kcat -q -b "$KAFKA_BOOTSTRAP" -C -t "$DEAD" -e -o beginning; }

@test "skip: each is named and counted, the rest is stored once, the group's lag ends at 0" {
  mixed 30 | produce "$TOPIC"
  for _ in 1 2; do
    pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --bad-data skip 2>>err | ksink-file -q out.ndjson'
    assert_equal "$STATUSES" "0 0"
  done
  assert_equal "$(jq .value out.ndjson | paste -sd' ')" "$(seq 1 30 | grep -v '0$' | paste -sd' ')"
  committed_is 0 30
  assert_equal "$(grep -c 'skipped: the value is not valid JSON' err)" 3
  assert_regex "$(cat err)" "warning: $TOPIC\[0\]@29: skipped: the value is not valid JSON: \"no json 30\""
  assert_regex "$(cat err)" "kconsume: 3 records skipped as bad data"
}

@test "skip behind a filter and with --commit written: what was skipped at the end is committed, too" {
  mixed 30 | produce "$TOPIC"
  # The last position is told when the sink has had its EOF: nobody may be gone by then.
  local filter
  for filter in 'jq -c --unbuffered .' 'jq -c .' cat 'sed -u s/a/a/'; do
    new_group
    rm -f out.ndjson*
    pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --bad-data skip | '"$filter"' | ksink-file -q out.ndjson'
    assert_equal "$filter: $STATUSES" "$filter: 0 0 0"
    committed_is 0 30
  done
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --bad-data skip 2>err | jq -c --unbuffered . | ksink-file -q out.ndjson'
  assert_equal "$(grep -c 'skipped\|warning' err)" 0
  new_group
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --bad-data skip --commit written | wc -l'
  assert_equal "$(cat pipeline.out)" 27
  committed_is 0 30
}

@test "a topic of nothing but bad records is passed" {
  printf 'no json %s\n' 1 2 3 | produce "$TOPIC"
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --bad-data dlq --dlq-topic "$DEAD" | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 3
  assert_equal "$(dead_letters | wc -l)" 3
}

@test "dlq topic: bytes, key and headers as they were, the reason and the source in headers of its own" {
  echo '{"value":{"base64":"/wAB"},"key":{"base64":"/gA="},"headers":[["h","v"],["h","w"]]}' | kadmin produce "$TOPIC"
  echo 'k:' | produce "$TOPIC" -K:
  seq 1 5 | produce "$TOPIC"
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --bad-data dlq --dlq-topic "$DEAD" 2>err | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 7
  assert_equal "$(wc -l <out.ndjson)" 5
  assert_regex "$(cat err)" "kconsume: 2 records put aside as bad data: topic $DEAD"
  kconsume -t "$DEAD" --once -f raw --key-format raw >dead
  assert_equal "$(jq -c '[.key, .value]' dead | paste -sd' ')" \
    '[{"base64":"/gA="},{"base64":"/wAB"}] [{"base64":"aw=="},{"base64":""}]'
  assert_equal "$(head -1 dead | jq -c '[.headers[] | select(.key == "h") | .value]')" '["v","w"]'
  local at
  at=$(kconsume -t "$TOPIC" --once -f raw | head -1 | jq .timestamp)
  assert_equal "$(head -1 dead | jq -c '.headers | map(select(.key | startswith("kpipe.")) | {key, value}) | from_entries | del(."kpipe.error.tool")')" \
    '{"kpipe.error.reason":"is not valid JSON","kpipe.error.part":"value","kpipe.error.format":"json","kpipe.source.topic":"'"$TOPIC"'","kpipe.source.partition":"0","kpipe.source.offset":"0","kpipe.source.timestamp":"'"$at"'","kpipe.source.group":"'"$GROUP"'"}'
}

@test "dlq file: lines that tell all, appended to; a line that was cut short is cut off" {
  mixed 20 | produce "$TOPIC"
  printf '{"topic":"whole"}\n{"topic":"to' >dead.ndjson
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --bad-data dlq --dlq-file dead.ndjson | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  committed_is 0 20
  assert_equal "$(jq -r '.topic' dead.ndjson | paste -sd' ')" "whole $TOPIC $TOPIC"
  assert_equal "$(tail -1 dead.ndjson | jq -r '.value.base64' | base64 -d)" "no json 20"
  assert_equal "$(tail -1 dead.ndjson | jq -c '.error')" '{"reason":"is not valid JSON","part":"value","format":"json"}'
}

@test "a file that takes nothing: status 74, nothing behind the bad record is written or committed" {
  printf '%s\n' 1 'no json' 2 3 | produce "$TOPIC"
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --bad-data dlq --dlq-file /dev/full 2>err | ksink-file -q out.ndjson'
  assert_equal "${STATUSES%% *}" 74
  assert_regex "$(cat err)" "--dlq-file: /dev/full: No space left on device"
  run committed "$GROUP" "$TOPIC"
  refute_regex "$output" $'^0\t[234]'
}

@test "--max-errors-per-batch: N are passed, the next ends the run with 65 and stays uncommitted" {
  printf 'bad\n%.0s' $(seq 1 11) >bad
  { seq 1 89; head -10 bad; } | produce "$TOPIC"
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --bad-data skip --batch-size 100 --max-errors-per-batch 10 2>/dev/null | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  new_topic 1
  { seq 1 20; cat bad; seq 21 100; } | produce "$TOPIC"
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --bad-data skip --batch-size 100 --max-errors-per-batch 10 2>err | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "65 0"
  assert_regex "$(tail -1 err)" "$TOPIC\[0\]@30: .*one more than --max-errors-per-batch 10 allows among 100 records"
  committed_is 0 30
}

@test "the next batch has errors of its own" {
  { seq 1 90; printf 'bad\n%.0s' $(seq 1 20); seq 1 90; } | produce "$TOPIC"
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once --bad-data skip --batch-size 100 --max-errors-per-batch 10
  assert_equal "${#lines[@]}" 180
}

@test "a dead letter topic that is not there: 66 before anything is read; one that is read: 64" {
  echo x | produce "$TOPIC"
  run -66 --separate-stderr kconsume -t "$TOPIC" --once --bad-data dlq --dlq-topic "$TOPIC-none"
  assert_regex "$stderr" "$TOPIC-none"
  run -1 kcat -q -b "$KAFKA_BOOTSTRAP" -C -t "$TOPIC-none" -e -X allow.auto.create.topics=false
  run -64 --separate-stderr kconsume -t "$TOPIC" --once --bad-data dlq --dlq-topic "$TOPIC"
  assert_regex "$stderr" "is read by this run"
}

@test "a record too large for the dead letter topic ends the run with 65 and the remedy" {
  kadmin create-topic "$TOPIC-small" 1 max.message.bytes=2000
  head -c 5000 /dev/zero | tr '\0' x | produce "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once --bad-data dlq --dlq-topic "$TOPIC-small"
  assert_regex "$stderr" "$TOPIC-small: a record .* larger than the topic takes. Raise its max.message.bytes"
}

@test "what looks like another format is said" {
  printf '\0\0\0\0\7abc' >avro
  kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$TOPIC" avro
  run -65 --separate-stderr kconsume -t "$TOPIC" --once
  assert_regex "$stderr" "looks like Confluent's wire format, schema 7"
}
