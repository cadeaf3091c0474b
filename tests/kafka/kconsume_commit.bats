#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who acknowledges, by which way, and what is committed then.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 2
  new_group
  printf '{"n":%d}\n' $(seq 1 600) | produce "$TOPIC" -p 0
  printf '{"n":%d}\n' $(seq 601 1000) | produce "$TOPIC" -p 1
}

# holds COUNT: out.ndjson has so many records, each once.
holds() {
  assert_equal "$(wc -l <out.ndjson)" "$1"
  assert_equal "$(jq -r '"\(.partition) \(.offset)"' out.ndjson | sort -u | wc -l)" "$1"
}

@test "direct pipe: commits what the sink has stored, with generation and sink in the metadata" {
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once 2>err | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0"
  holds 1000
  committed_is 0 600 1 400
  assert_regex "$(committed "$GROUP" "$TOPIC" | cut -f 3 | sort -u)" "^kpipe gen=0 sink=file:$PWD/out.ndjson"
  assert_regex "$(cat err)" "^kconsume: group $GROUP: reading from $TOPIC\[0\]@0 $TOPIC\[1\]@0; committing what file:$PWD/out.ndjson has stored\$"
}

@test "through filters without any option: the sink finds kconsume behind them" {
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once 2>err | jq -c . | sed -u s/^// | ksink-file -q out.ndjson'
  assert_equal "$STATUSES" "0 0 0 0"
  holds 1000
  committed_is 0 600 1 400
  assert_regex "$(cat err)" 'committing what file:.* has stored'
}

@test "a filter that drops records: committed up to the last that passed, status 75 says why, nothing is stored twice" {
  for _ in 1 2; do
    pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once 2>err | jq -c "select(.value.n % 7 == 0)" | ksink-file -q out.ndjson'
    assert_equal "$STATUSES" "75 0 0"
    assert_regex "$(tail -1 err)" '(11|6|5) records were written and not acknowledged.*a filter dropped them'
    holds 142
    committed_is 0 595 1 394
  done
}

@test "--acks FIFO on both ends, through jq" {
  mkfifo -m 600 acks
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once --acks acks 2>err | jq -c . | ksink-file -q --acks acks out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  holds 1000
  committed_is 0 600 1 400
  # Nothing is lost or doubled when more comes.
  echo '{"n":1001}' | produce "$TOPIC" -p 1
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once --acks acks | jq -c . | ksink-file -q --acks acks out.ndjson'
  assert_equal "$STATUSES" "0 0 0"
  holds 1001
  committed_is 0 600 1 401
}

@test "--acks FIFO of checkpoint lines by hand: only what was written is committed" {
  mkfifo -m 600 acks
  kconsume -g "$GROUP" -t "$TOPIC:0" --acks acks --commit-interval 10ms --drain-timeout 100ms >out 2>err 3>&- &
  local source=$!
  wait_until 20 eval '[[ $(wc -l <out) == 600 ]]'
  # Garbage, too far, another topic, then the truth.
  {
    echo 'no json'
    echo "{\"topic\":\"$TOPIC\",\"partition\":0,\"offset\":601}"
    echo "{\"topic\":\"other\",\"partition\":0,\"offset\":5}"
    echo "{\"topic\":\"$TOPIC\",\"partition\":0,\"offset\":250,\"sink\":\"by hand\"}"
  } >acks
  wait_until 20 eval '[[ $(committed "$GROUP" "$TOPIC" | cut -f 1,2) == 0$'"'\\t'"'250 ]]'
  kill "$source"
  local status=0
  wait "$source" || status=$?
  assert_equal "$status" 75
  assert_regex "$(tail -1 err)" '350 records were written and not acknowledged'
  assert_regex "$(cat err)" 'line ignored'
  assert_regex "$(cat err)" 'above what was written'
  committed_is 0 250
}

@test "--acks: a FIFO that others may write is refused" {
  mkfifo -m 622 acks
  run -78 --separate-stderr kconsume -g "$GROUP" -t "$TOPIC" --acks acks --once
  assert_regex "$stderr" 'writable by nobody else.*chmod 600'
  run -66 --separate-stderr kconsume -g "$GROUP" -t "$TOPIC" --acks none --once
  assert_regex "$stderr" 'mkfifo -m 600 none'
}

@test "--commit written into a file; --commit none commits nothing" {
  kconsume -q -g "$GROUP" -t "$TOPIC" --once >out
  committed_is 0 600 1 400
  new_group
  kconsume -q -g "$GROUP" -t "$TOPIC" --once --commit none | cat >out
  assert_equal "$(wc -l <out)" 1000
  committed_is
  kconsume -q -g "$GROUP" -t "$TOPIC" --once --commit written | cat >out
  committed_is 0 600 1 400
}

@test "a pipe without a sink: everything is written, nothing committed, status 75 says so" {
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once 2>err | cat'
  assert_equal "$STATUSES" "75 0"
  assert_equal "$(wc -l <pipeline.out)" 1000
  assert_regex "$(tail -1 err)" '1000 records were written and not acknowledged.*nobody acknowledges.*--commit written'
  committed_is
}

@test "one run after another: no record twice" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -c 10 | ksink-file -q out.ndjson'
  for _ in 1 2; do
    pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once | ksink-file -q out.ndjson'
    assert_equal "$STATUSES" "0 0"
    holds 1000
    committed_is 0 600 1 400
  done
}

@test "an offset moved by another tool stops the pipeline and names the two ways on" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once | ksink-file -q out.ndjson'
  kadmin commit "$GROUP" "$TOPIC" 0 100
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once 2>err | ksink-file -q out.ndjson'
  assert_equal "${STATUSES%% *}" 65
  assert_regex "$(tail -1 err)" "$TOPIC\[0\]: the group stands at 100 and the sink at 600: another tool moved.*kseek.*--to 600.*--to 100"
  holds 1000
}

@test "the sink's file is gone, the group's offsets are not: stops instead of leaving a hole" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once | ksink-file -q out.ndjson'
  rm out.ndjson*
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" --once 2>err | ksink-file -q out.ndjson'
  assert_equal "${STATUSES%% *}" 65
  assert_regex "$(tail -1 err)" 'but the sink knows nothing of it.*--to earliest --execute'
}

@test "records deleted before they were read: stops and names the range" {
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC:0" -c 10 | ksink-file -q out.ndjson'
  kadmin delete-records "$TOPIC" 0 50
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC:0" --once 2>err | ksink-file -q out.ndjson'
  assert_equal "${STATUSES%% *}" 65
  assert_regex "$(tail -1 err)" "$TOPIC\[0\]@10: records 10 to 49 are gone"
}
