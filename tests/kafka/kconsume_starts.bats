# SPDX-License-Identifier: Apache-2.0
# Where reading starts when Kafka and the sink do not agree, or the log is not what it was: each case stops with the ways
# on, or goes on as an option says. The whole table is in tests/unit/kconsume_start_test.cpp; here the facts are real.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
  new_group
  seq 100 | produce "$TOPIC"
}

# run_once [OPTION...]: the pipeline; kconsume's status in STATUS, what it said in the file said.
run_once() {
  export OPTIONS="$*"
  # shellcheck disable=SC2086 # options, each a word
  pipeline 'kconsume -g "$GROUP" -t "$TOPIC" --once $OPTIONS 2>said | ksink-file -q out'
  STATUS=${STATUSES%% *}
}

# has N VALUE...: `out` holds exactly these values.
has() { assert_equal "$(jq -r .value out | xargs)" "$*"; }

recreate_topic() {
  kadmin delete-topic "$TOPIC"
  wait_until 20 eval '! kadmin ends "$TOPIC" 2>/dev/null'
  wait_until 20 kadmin create-topic "$TOPIC" 1
}

@test "a topic made anew and longer than before is noticed by its id; each way on works" {
  run_once
  assert_equal "$STATUS" 0
  recreate_topic
  seq 1001 1150 | produce "$TOPIC"
  run_once
  assert_equal "$STATUS" 65
  assert_regex "$(cat said)" 'the topic was deleted and created again since the sink stored up to 100 .topic id .*, now .*--on-data-loss skip'
  assert_equal "$(wc -l <out)" 100
  run_once --on-data-loss skip
  assert_equal "$STATUS" 0
  assert_regex "$(cat said)" 'reading from the start of the log'
  assert_equal "$(jq -r .value out | xargs)" "$(seq 100 | xargs) $(seq 1001 1150 | xargs)"
  run_once
  assert_equal "$STATUS" 0
  assert_equal "$(wc -l <out)" 250
  assert_regex "$(committed "$GROUP" "$TOPIC")" $'^0\t150\tkpipe gen=1 '
}

@test "a topic made anew and shorter: the offset is beyond its end; kseek as the message says settles it" {
  run_once
  recreate_topic
  seq 1001 1010 | produce "$TOPIC"
  run_once
  assert_equal "$STATUS" 65
  local remedy
  remedy=$(grep -o 'kseek -g.*--execute' said)
  bash -c "$remedy" >/dev/null 2>&1
  run_once
  assert_equal "$STATUS" 0
  assert_equal "$(jq -r .value out | xargs)" "$(seq 100 | xargs) $(seq 1001 1010 | xargs)"
}

@test "another tool moved the group: stops; --on-mismatch sink and kafka follow the one or the other" {
  run_once
  kadmin commit "$GROUP" "$TOPIC" 0 40
  run_once
  assert_equal "$STATUS" 65
  assert_regex "$(cat said)" 'the group stands at 40 and the sink at 100: another tool moved the group.s offsets.*--on-mismatch sink or kafka'
  run_once --on-mismatch sink
  assert_equal "$STATUS" 0
  assert_equal "$(wc -l <out)" 100
  kadmin commit "$GROUP" "$TOPIC" 0 40
  run_once --on-mismatch kafka
  assert_equal "$STATUS" 0
  assert_regex "$(cat said)" 'following Kafka, not the sink .100.'
  assert_equal "$(jq -r .value out | xargs)" "$(seq 100 | xargs) $(seq 41 100 | xargs)"
  run_once
  assert_equal "$STATUS" 0
  assert_equal "$(wc -l <out)" 160
}

@test "the sink was restored from a backup: it is filled again from where it stands" {
  seq 101 200 | produce "$TOPIC"
  export OPTIONS=
  pipeline 'kconsume -q -g "$GROUP" -t "$TOPIC" -c 50 | ksink-file -q out'
  mkdir backup
  cp -p out out.kpipe backup
  run_once
  assert_equal "$(wc -l <out)" 200
  cp -p backup/* .
  run_once
  assert_equal "$STATUS" 0
  assert_regex "$(cat said)" 'the sink holds less than was committed .50 < 200'
  has $(seq 200)
}

@test "the sink's offsets were lost: stops; --on-mismatch sink fills it again, kafka goes on from the commit" {
  run_once
  rm out out.kpipe
  run_once
  assert_equal "$STATUS" 65
  assert_regex "$(cat said)" 'has stored all below, but the sink knows nothing of it'
  run_once --on-mismatch sink
  assert_equal "$STATUS" 0
  has $(seq 100)
  rm out out.kpipe
  seq 101 105 | produce "$TOPIC"
  run_once --on-mismatch kafka
  has 101 102 103 104 105
}

@test "the group's offsets expired: the sink's are followed" {
  run_once
  kadmin delete-group "$GROUP"
  run_once
  assert_equal "$(committed "$GROUP" "$TOPIC" | cut -f 2)" 100
  kadmin delete-group "$GROUP"
  seq 101 110 | produce "$TOPIC"
  run_once
  assert_equal "$STATUS" 0
  assert_regex "$(cat said)" 'no committed offset .new, or expired.; starting where the sink stands'
  has $(seq 110)
}

@test "records deleted before they were read: the range is named; skip goes on and counts them" {
  run_once
  seq 101 200 | produce "$TOPIC"
  kadmin delete-records "$TOPIC" 0 150
  run_once
  assert_equal "$STATUS" 65
  assert_regex "$(cat said)" 'records 100 to 149 are gone'
  assert_equal "$(wc -l <out)" 100
  run_once --on-data-loss skip
  assert_equal "$STATUS" 0
  assert_regex "$(cat said)" 'records 100 to 149 are gone .*: skipped 50 offsets'
  has $(seq 100) $(seq 151 200)
}

# A sink that takes nothing for a while, so that retention overtakes the reading.
overtaken() {
  head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 1000 | produce "$TOPIC"
  mkfifo fifo
  kconsume -v -g "$GROUP" -t "$TOPIC" -f string --once -X fetch.message.max.bytes=10000 -X queued.max.messages.kbytes=100 "$@" >fifo 2>said 3>&- &
  SOURCE=$!
  exec 7<fifo
  wait_until 20 grep -q 'partitions paused' said # what was fetched ahead is given back
  kadmin delete-records "$TOPIC" 0 2900
}

@test "records deleted while they wait to be read: the range is named, never a silent jump" {
  overtaken --commit none
  cat <&7 >came
  local status=0
  wait "$SOURCE" || status=$?
  assert_equal "$status" 65
  assert_regex "$(cat said)" 'records [0-9]+ to 2899 are gone'
  # What came is the beginning, without a gap.
  assert_equal "$(jq .offset came)" "$(seq 0 $(($(wc -l <came) - 1)))"
}

@test "records deleted while they wait to be read: --on-data-loss skip goes on behind them" {
  overtaken --commit none --on-data-loss skip
  cat <&7 >came
  wait "$SOURCE" || fail "$(cat said)"
  local first
  first=$(sed -n 's/.*records \([0-9]*\) to 2899 are gone.*skipped.*/\1/p' said)
  assert_equal "$(jq .offset came)" "$(seq 0 $((first - 1)); seq 2900 3099)"
}
