#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kseek against a real broker. What it did is read back with kadmin (Python).
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  member=
  new_group
}

teardown() {
  [[ -z $member ]] || kill "$member" 2>/dev/null || true
  [[ -z $member ]] || wait "$member" 2>/dev/null || true
}

# Two partitions with offsets 2 to 9 each, and a group that kpipe has taken to 5 and 6.
fill() {
  # The records are of 1970, which retention must not mind.
  new_topic 2 retention.ms=-1
  local p
  for p in 0 1; do
    seq 1 10 | awk '{ print "{\"partition\":'$p',\"timestamp\":" $1 "000,\"value\":\"" $1 "\"}" }' | kadmin produce "$TOPIC"
    kadmin delete-records "$TOPIC" "$p" 2
  done
  kadmin commit "$GROUP" "$TOPIC" 0 5 --metadata 'kpipe gen=2 sink=pg:public.orders'
  kadmin commit "$GROUP" "$TOPIC" 1 6 --metadata 'kpipe gen=1 sink=pg:public.orders'
}
before=$'0\t5\tkpipe gen=2 sink=pg:public.orders\n1\t6\tkpipe gen=1 sink=pg:public.orders'

seek() { run --separate-stderr kseek -g "$GROUP" "$@"; }
targets() { jq -c '[.partition,.current,.offset,.delta]' <<<"$output" | paste -sd ' '; }

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
  assert_equal "$(targets)" "[0,5,10,5] [0,null,0,null] [1,null,0,null]"
  seek --all-topics --to latest
  assert_equal "$(targets)" "[0,5,10,5] [1,6,10,4]"
}

@test "outside the log: refused by name, the nearest end with --clamp" {
  fill
  seek -t "$TOPIC" --to -4 --execute
  assert_equal "$status" 65
  assert_equal "$output" ""
  assert_equal "$stderr" "kseek: ${TOPIC}[0]@1: outside the log, which has 2 to 10. --clamp takes the nearest end"
  seek -t "$TOPIC" --to 1 --execute
  assert_equal "$status" 65
  seek -t "$TOPIC" --to 11 --execute
  assert_equal "$status" 65
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC" --to 11 --execute --clamp
  assert_equal "$status" 0
  assert_equal "$(jq -c '[.offset,.clamped]' <<<"$output" | sort -u)" '[10,true]'
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 20
}

@test "an unknown group is refused, made with --create-group" {
  fill
  new_group
  seek -t "$TOPIC" --to 4 --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $GROUP: no such group. kgroups list shows what is there; --create-group makes it"
  assert_equal "$(committed "$GROUP" "$TOPIC")" ""
  seek -t "$TOPIC" --to 4 --execute --create-group
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t4\tkpipe gen=1\n1\t4\tkpipe gen=1'
}

@test "an unknown topic or partition is refused" {
  fill
  seek -t "$TOPIC,$(unique t)" --to earliest --execute
  assert_equal "$status" 66
  seek -t "$TOPIC:0-2" --to earliest --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: ${TOPIC}[2]: no such partition. The topic has 2, 0 to 1"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
}

@test "an active group is refused with its members, and moved once they have left" {
  fill
  kcat -q -b "$KAFKA_BOOTSTRAP" -X client.id=holder -X enable.auto.commit=false -G "$GROUP" "$TOPIC" >/dev/null 2>&1 3>&- &
  member=$!
  held() { [[ $(kadmin group-state "$GROUP") == STABLE$'\t'1 ]]; }
  wait_until 20 held
  seek -t "$TOPIC" --to earliest --execute
  assert_equal "$status" 75
  assert_equal "$output" ""
  assert_equal "$stderr" "kseek: $GROUP: the group is active (Stable): holder on 127.0.0.1 with 2 partitions. Stop them, then try again"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC" --to earliest
  assert_equal "$status" 0
  [[ $stderr == *"the group is active"*"dry run"* ]]
  kill "$member"
  wait "$member" || true
  member=
  left() { [[ $(group_members "$GROUP") == 0 ]]; }
  wait_until 20 left
  seek -t "$TOPIC" --to earliest --execute
  assert_equal "$status" 0
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 4
}

@test "the prior offsets on stderr are the way back" {
  fill
  seek -t "$TOPIC" --to latest --execute
  assert_equal "$status" 0
  grep '^{' <<<"$stderr" > prior
  assert_equal "$(jq -c '[.partition,.offset,.gen]' prior | paste -sd ' ')" "[0,5,2] [1,6,1]"
  seek --from-file prior --execute
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t5\tkpipe gen=4 sink=pg:public.orders\n1\t6\tkpipe gen=4 sink=pg:public.orders'
}

@test "goes where kgroups or a saved plan says" {
  fill
  local first=$GROUP
  kseek -q -g "$GROUP" -t "$TOPIC" --to latest > plan
  seek --from-file plan --execute
  assert_equal "$status" 0
  assert_equal "$(committed_sum "$GROUP" "$TOPIC")" 20
  new_group
  kgroups lag "$first" | jq -c 'select(.partition == 1)' | kseek -q -g "$GROUP" --from-file - --create-group --execute
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'1\t10\tkpipe gen=1'
}

@test "a file that names no place is refused with its line" {
  fill
  printf '{"topic":"%s","partition":0,"offset":5}\nnonsense\n' "$TOPIC" > bad
  seek --from-file bad
  assert_equal "$status" 65
  assert_equal "$stderr" "kseek: bad:2: not a JSON object"
  seek --from-file /nonexistent/file
  assert_equal "$status" 66
  : > empty
  seek --from-file empty
  assert_equal "$status" 65
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
	-g g -t x:a --to earliest|orders:0,2-5
	-g g -t x --to yesterday|use earliest
	-g g -t x --to @2026-11-01T00:00|without a zone
	-g g -t x --to none|use earliest
	-g g -t x --to earliest --generation 0|'0'
	-g g -t x --to earliest --output yaml|--output
	END
}

@test "an unreachable broker is 69" {
  seek -t x --to earliest -b 127.0.0.1:1 --timeout 500ms
  assert_equal "$status" 69
}
