#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The way back from each move, and the other places that a file or a group can name.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common
load kseek

setup() { seek_setup; }
teardown() { seek_teardown; }

offsets() { committed "$1" "$TOPIC" | cut -f 1,2 | tr '\t\n' '= '; }

@test "the prior offsets on stderr are the way back, with the messages around them" {
  fill
  seek -t "$TOPIC" --to latest --execute
  assert_equal "$status" 0
  assert_equal "$(grep '^{' <<<"$stderr" | jq -c '[.group,.partition,.offset,.gen,.sink]' | paste -sd ' ')" \
    "[\"$GROUP\",0,5,2,\"pg:public.orders\"] [\"$GROUP\",1,6,1,\"pg:public.orders\"]"
  assert_equal "$(grep -v '^{' <<<"$stderr")" "kseek: $GROUP: 2 partitions moved
kseek: undo: kseek --from-file - --execute, with the lines above as its input"
  run --separate-stderr kseek --from-file - --execute <<<"$stderr"
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t5\tkpipe gen=4 sink=pg:public.orders\n1\t6\tkpipe gen=4 sink=pg:public.orders'
}

@test "--save: the way back in a file that is never written over" {
  fill
  seek -t "$TOPIC" --to latest --save saved
  assert_equal "$status" 0
  assert_equal "$(jq -c '[.partition,.offset]' saved | paste -sd ' ')" "[0,5] [1,6]"
  seek -t "$TOPIC" --to latest --save saved --execute
  assert_equal "$status" 64
  assert_equal "$stderr" "kseek: --save: saved: there is such a file, which may be the way back from an earlier move. Name a new one"
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  seek -t "$TOPIC" --to latest --save saved2 --execute
  assert_equal "$status" 0
  refute grep '^{' <<<"$stderr"
  [[ $stderr == *"kseek: undo: kseek --from-file saved2 --execute" ]]
  cmp saved saved2
  run -0 kseek -q --from-file saved2 --execute
  assert_equal "$(offsets "$GROUP")" "0=5 1=6 "
  seek -t "$TOPIC" --to latest --save /nonexistent/saved --execute
  assert_equal "$status" 74
  assert_equal "$(offsets "$GROUP")" "0=5 1=6 "
}

@test "nothing is moved when the way back cannot be written" {
  fill
  local status=0
  kseek -g "$GROUP" -t "$TOPIC" --to latest --execute >plan 2>/dev/full || status=$?
  assert_equal "$status" 74
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
}

@test "the way back to no offset at all" {
  fill
  new_group
  kadmin commit "$GROUP" "$TOPIC" 0 5
  seek -t "$TOPIC" --to latest --save saved --execute
  assert_equal "$status" 0
  assert_equal "$(offsets "$GROUP")" "0=10 1=10 "
  run --separate-stderr kseek --from-file saved --execute
  assert_equal "$status" 0
  assert_equal "$(targets)" "[0,10,5,-5] [1,10,null,null]"
  [[ $stderr == *"$GROUP: 1 partition moved, 1 partition deleted"* ]]
  assert_equal "$(offsets "$GROUP")" "0=5 "
  run --separate-stderr kseek --from-file saved --execute
  assert_equal "$status" 0
  assert_equal "$(targets)" "[0,5,5,0]"
}

@test "--delete, and back with the generation and the sink that it erased" {
  fill
  seek -t "$TOPIC:1" --delete
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" "$before"
  assert_equal "$(jq -c '[.partition,.offset,.delete,.current,.log_end,.sink]' <<<"$output")" '[1,null,true,6,10,"pg:public.orders"]'
  seek --all-topics --delete --save saved --execute
  assert_equal "$status" 0
  [[ $stderr == *"kseek: $GROUP: 2 partitions deleted"*"undo: kseek --from-file saved --execute --create-group" ]]
  assert_equal "$(offsets "$GROUP")" ""
  run -0 kseek -q --from-file saved --execute --create-group
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t5\tkpipe gen=3 sink=pg:public.orders\n1\t6\tkpipe gen=3 sink=pg:public.orders'
  kseek -q -g "$GROUP" -t "$TOPIC:0" --delete >plan
  run -0 kseek -q --from-file plan --execute
  assert_equal "$(offsets "$GROUP")" "1=6 "
}

@test "several groups, and all of them back by one file" {
  fill
  local first=$GROUP
  new_group
  kadmin commit "$GROUP" "$TOPIC" 0 3
  kadmin commit "$GROUP" "$TOPIC" 1 4
  run --separate-stderr kseek -g "$first,$GROUP" --topic-pattern "$TOPIC" --to-latest --save saved --execute
  assert_equal "$status" 0
  assert_equal "$(offsets "$first")$(offsets "$GROUP")" "0=10 1=10 0=10 1=10 "
  run -0 kseek -q --from-file saved -g "$GROUP" --execute
  assert_equal "$(offsets "$first")$(offsets "$GROUP")" "0=10 1=10 0=3 1=4 "
  run -0 kseek -q --from-file saved --execute
  assert_equal "$(offsets "$first")$(offsets "$GROUP")" "0=5 1=6 0=3 1=4 "
  run -65 --separate-stderr kseek -g "$(unique g)" --from-file saved --execute --create-group
  [[ $stderr == "kseek: saved: it has lines of several groups and none of "* ]]
}

@test "goes where kgroups, a sink's acknowledgements or a saved plan say" {
  fill
  local first=$GROUP
  kseek -q -g "$GROUP" -t "$TOPIC" --to latest >plan
  run -0 kseek -q --from-file plan --execute
  assert_equal "$(offsets "$GROUP")" "0=10 1=10 "
  new_group
  kgroups lag "$first" --output ndjson | jq -c 'select(.partition == 1)' |
    kseek -q -g "$GROUP" --from-file - --create-group --execute
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'1\t10\tkpipe gen=1'
  kgroups lag "$first" --output ndjson | jq -c '.offset -= 3' | kseek -q --from-file - --execute
  assert_equal "$(offsets "$first")" "0=7 1=7 "
  kconsume -q -t "$TOPIC" --once -f json | ksink-file -q out.ndjson
  ksink-file --print-offsets out.ndjson | kseek -q -g "$GROUP" --from-file - --execute
  assert_equal "$(offsets "$GROUP")" "0=10 1=10 "
}

@test "--from-group: where another group stands" {
  fill
  local first=$GROUP
  new_group
  seek --from-group "$first" --create-group --execute
  assert_equal "$status" 0
  assert_equal "$(committed "$GROUP" "$TOPIC")" $'0\t5\tkpipe gen=1\n1\t6\tkpipe gen=1'
  kadmin commit "$first" "$TOPIC" 0 8
  seek --from-group "$first" -t "$TOPIC:0" --execute
  assert_equal "$(offsets "$GROUP")" "0=8 1=6 "
  seek --from-group "$first" -t "$TOPIC:0,2"
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $first: nothing committed for ${TOPIC}[2]. kgroups lag shows what is"
  local none
  none=$(unique g)
  seek --from-group "$none" --execute
  assert_equal "$status" 66
  assert_equal "$stderr" "kseek: $none: nothing committed. kgroups lag shows what is"
}

@test "--stored-by: which sink followed the group" {
  fill
  kadmin commit "$GROUP" "$TOPIC" 1 6
  seek --stored-by
  assert_equal "$status" 0
  assert_equal "$stderr" ""
  assert_equal "$output" "{\"topic\":\"$TOPIC\",\"partition\":0,\"offset\":5,\"gen\":2,\"group\":\"$GROUP\",\"sink\":\"pg:public.orders\"}
{\"topic\":\"$TOPIC\",\"partition\":1,\"offset\":6,\"group\":\"$GROUP\",\"sink\":null}"
  seek --stored-by --output table -t "$TOPIC:1"
  [[ ${lines[1]} == "$TOPIC "*" 6  (another tool)" ]]
  run --separate-stderr kseek -g "$(unique g)" --stored-by
  assert_equal "$status" 66
  # The truth, by a pipeline.
  new_group
  kconsume -q -t "$TOPIC" -g "$GROUP" --once | ksink-file -q --sink-id archive out.ndjson
  kseek -g "$GROUP" --stored-by >whose
  assert_equal "$(jq -c '[.offset,.sink]' whose | sort -u)" '[10,"file:archive"]'
}

@test "a file that names no place is refused with its line" {
  fill
  printf '{"topic":"%s","partition":0,"offset":5}\nnonsense\n' "$TOPIC" >bad
  seek --from-file bad
  assert_equal "$status" 65
  assert_equal "$stderr" "kseek: bad:2: not a JSON object"
  seek --from-file /nonexistent/file
  assert_equal "$status" 66
  : >empty
  seek --from-file empty
  assert_equal "$status" 65
  run -64 --separate-stderr kseek --from-file - <<<"$TOPIC,0,5"
  assert_equal "$stderr" "kseek: -g: no group given, and stdin names none"
}
