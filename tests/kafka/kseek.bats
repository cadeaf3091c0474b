#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kseek against a real broker. What it did is read back with kadmin (Python).
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load kseek

setup() { seek_setup; }
teardown() { seek_teardown; }

@test "shows the plan and changes nothing without --execute" {
  fill
  seek -t "$TOPIC" --to earliest
  assert_equal "$status" 0
  assert_equal "$(jq -c '[.group,.topic,.partition,.current,.offset,.delta,.log_start,.log_end,.gen,.sink]' <<<"$output")" \
    "[\"$GROUP\",\"$TOPIC\",0,5,2,-3,2,10,3,\"pg:public.orders\"]
[\"$GROUP\",\"$TOPIC\",1,6,2,-4,2,10,3,\"pg:public.orders\"]"
  assert_equal "$stderr" "kseek: dry run: nothing was changed. --execute moves the group"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
}

@test "a table on a terminal" {
  fill
  run -0 script -qec "kseek -q -g $GROUP -t $TOPIC --to latest" /dev/null
  assert_line --index 0 --regexp '^TOPIC +PARTITION +CURRENT +NEW +DELTA +LOG-START +LOG-END +SINK'
  assert_line --index 1 --regexp "^$TOPIC +0 +5 +10 +\+5 +2 +10 +pg:public.orders"
}

@test "moves, marks a new generation above all of the topic, keeps the sink's name" {
  fill
  seek -t "$TOPIC" --to earliest --execute
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t2\tkpipe gen=3 sink=pg:public.orders\n1\t2\tkpipe gen=3 sink=pg:public.orders'
  seek -t "$TOPIC:1" --to 9 --execute
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t2\tkpipe gen=3 sink=pg:public.orders\n1\t9\tkpipe gen=4 sink=pg:public.orders'
}

@test "every kind of target" {
  fill
  local spec expected
  while read -r spec expected; do
    seek -t "$TOPIC" --to "$spec"
    assert_equal "$status $spec: $(targets)" "0 $spec: $expected"
  done <<-'END'
	earliest [0,5,2,-3] [1,6,2,-4]
	latest [0,5,10,5] [1,6,10,4]
	current [0,5,5,0] [1,6,6,0]
	7 [0,5,7,2] [1,6,7,1]
	+2 [0,5,7,2] [1,6,8,2]
	-3 [0,5,2,-3] [1,6,3,-3]
	@1970-01-01T00:00:05Z [0,5,4,-1] [1,6,4,-2]
	@1970-01-01 [0,5,2,-3] [1,6,2,-4]
	@2099-01-01 [0,5,10,5] [1,6,10,4]
	-1h [0,5,10,5] [1,6,10,4]
	END
  seek -t "$TOPIC" --to @2099-01-01
  assert_equal "$(jq -c .after_last_record <<<"$output" | sort -u)" true
}

@test "chosen partitions, several topics, all topics of the group" {
  fill
  local first=$TOPIC
  seek -t "$first:1" --to earliest
  assert_equal "$(targets)" "[1,6,2,-4]"
  new_topic 2
  seek -t "$first:0,$TOPIC" --to latest
  assert_equal "$(jq -c --arg topic "$first" 'select(.topic == $topic)|[.partition,.offset]' <<<"$output")" "[0,10]"
  assert_equal "$(jq -c --arg topic "$TOPIC" 'select(.topic == $topic)|[.partition,.current]' <<<"$output" | paste -sd ' ')" \
    "[0,null] [1,null]"
  seek --all-topics --to latest
  assert_equal "$(targets)" "[0,5,10,5] [1,6,10,4]"
}

@test "--generation goes above what another tool erased, never below" {
  fill
  kadmin commit "$GROUP" "$TOPIC" 0 5
  seek -t "$TOPIC" --to earliest --generation 1 --execute
  assert_equal "$status" 64
  seek -t "$TOPIC:0" --to earliest --generation 8 --execute
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC" | head -1)" $'0\t2\tkpipe gen=8'
}

@test "usage errors exit 64 and say what is right" {
  local expected
  while IFS='|' read -r arguments expected; do
    # shellcheck disable=SC2086  # words
    run -64 --separate-stderr kseek $arguments
    [[ $stderr == *"$expected"* ]] || fail "$arguments: $stderr"
  done <<-'END'
	-t x --to earliest|-g: no group given
	-g g --to earliest|-t: no topic given
	-g g -t x|--to: no target given
	-g g -t x --all-topics --to earliest|one of the two
	-g g -t x --to earliest --from-file y|one of the two
	-g g -t x --from-file y|names the partitions itself
	-g g -t x:a --to earliest|not a list of partitions; examples: 3 or 0,2-5
	-g g -t x --to yesterday|use earliest
	-g g -t x --to @2026-11-01T00:00|without a zone
	-g g -t x --to none|use earliest
	-g g -t x --to earliest --generation 0|'0'
	-g g -t x --to earliest --output yaml|--output
	END
}
