#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-file --dir alone, fed from files: which files it makes, and that each is complete, named by its records and has
# each of them once, whatever kills the run.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and output there

bats_require_minimum_version 1.5.0

load ksink_file_dir

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
}

@test "--dir: files are named by their records; what is stored already is dropped" {
  records 100 > all
  head -60 all > first
  run ksink-file --dir out --rotate-records 20 < first
  assert_success
  assert_output "ksink-file: stored 60 records in $PWD/out, 0 duplicates dropped, 1 batch"
  assert_equal "$(published out | tr '\n' ' ')" \
    "t/0/0-19.ndjson t/0/20-29.ndjson t/1/0-19.ndjson t/1/20-29.ndjson "
  run ksink-file --dir out --rotate-records 20 < all
  assert_success
  assert_output "ksink-file: stored 40 records in $PWD/out, 60 duplicates dropped, 1 batch"
  assert_equal "$(published out | grep ^t/0 | tr '\n' ' ')" "t/0/0-19.ndjson t/0/20-29.ndjson t/0/30-49.ndjson "
  is_exactly out all
  names_are_true out
  run --separate-stderr ksink-file --dir out --print-offsets
  assert_success
  assert_line --index 0 "{\"topic\":\"t\",\"partition\":0,\"offset\":50,\"sink\":\"file:$PWD/out\"}"
  assert_equal "$(stat -c %a out/.kpipe)" 700
}

@test "--template: groups by key, header, field and time; hostile texts stay in the folder" {
  cat > in << 'IN'
{"topic":"t","partition":0,"offset":0,"timestamp":1795246448656,"key":"../../x","headers":[{"key":"h","value":"a/b"}],"value":{"o":{"a":"EWR"}}}
{"topic":"t","partition":0,"offset":1,"timestamp":1795246448656,"key":null,"headers":[],"value":{"o":{"a":null}}}
{"topic":"t","partition":0,"offset":2,"timestamp":null,"key":"","headers":[],"value":null}
{"topic":"t","partition":0,"offset":3,"timestamp":1795246448656,"key":"../../x","headers":[{"key":"h","value":"a/b"}],"value":{"o":{"a":"EWR"}}}
{"topic":"t","partition":0,"offset":4,"timestamp":1795250048656,"key":"../../x","headers":[{"key":"h","value":"a/b"}],"value":{"o":{"a":"EWR"}}}
IN
  ksink-file -q --dir out --template 'k={key}/h={header:h}/{field:o.a}/{ts:%Y-%m-%d/%H}/{partition}_{start}-{end}' < in
  run published out
  assert_output - << 'OUT'
k=%2E.%2F..%2Fx/h=a%2Fb/EWR/2026-11-21/07/0_0-3
k=%2E.%2F..%2Fx/h=a%2Fb/EWR/2026-11-21/08/0_4-4
k=__empty__/h=__null__/__null__/__null__/0_2-2
k=__null__/h=__null__/__null__/2026-11-21/07/0_1-1
OUT
  is_exactly out in
}

@test "--content raw: the bytes of values, and CSV by jq" {
  cat > in << 'IN'
{"topic":"t","partition":0,"offset":0,"value":"a \"b\" \u00e9"}
{"topic":"t","partition":0,"offset":1,"value":{"base64":"AP8K"}}
{"topic":"t","partition":0,"offset":2,"value":null}
{"topic":"t","partition":0,"offset":3,"value":{"n":1.50,"s":"x,y"}}
IN
  printf 'a "b" \xc3\xa9\n\0\xff\n\n\n{"n":1.50,"s":"x,y"}\n' > expected
  ksink-file -q --dir out --content raw < in
  cmp out/t/0/0-3.ndjson expected
  ksink-file -q --content raw file < in
  cmp file expected
  tail -1 in | jq -c '.value |= ([.n, .s] | @csv)' | ksink-file -q --dir csv --content raw --template '{topic}/{partition}-{start}.csv'
  assert_equal "$(cat csv/t/0-3.csv)" '1.5,"x,y"'
}

@test "--compress: by the names, or as said; each file is valid" {
  records 300 > in
  local how
  for how in gzip gzip:1 zstd zstd:19; do
    rm -rf out
    ksink-file -q --dir out --compress "$how" --batch-size 37 --rotate-records 40 < in
    case $how in gzip*) published out | grep -v '\.ndjson\.gz$' ;; *) published out | grep -v '\.ndjson\.zst$' ;; esac && return 1
    is_exactly out in
  done
  ksink-file -q --dir gz --template '{partition}/{start}.gz' < in
  is_exactly gz in
  ksink-file -q --dir plain --compress none --template '{partition}/{start}-{end}.gz.log' < in
  is_exactly plain in
  # What a torn batch has left is cut off at the end of a member.
  run strace -qq -o trace -e trace=fdatasync -e inject=fdatasync:signal=SIGKILL:when=11 \
    ksink-file -q --dir torn --compress gzip --batch-size 37 < in
  assert_equal "$status" 137
  ksink-file -q --dir torn --compress gzip < in
  is_exactly torn in
}

@test "names do not depend on batches or on where runs break off" {
  records 400 > in
  local template='{topic}/{partition}/{key}/{start}-{end}.ndjson.zst'
  ksink-file -q --dir one --template "$template" --rotate-bytes 3KiB < in
  [ "$(published one | wc -l)" -gt 20 ]
  ksink-file -q --dir two --template "$template" --rotate-bytes 3KiB --batch-size 7 < in
  assert_equal "$(published two)" "$(published one)"
  # Of runs that were killed the next goes on with the open files.
  local n
  for n in 6 12 18 24 30 21; do
    run strace -qq -o trace -e trace=fdatasync -e inject=fdatasync:signal=SIGKILL:when="$n" \
      ksink-file -q --dir three --template "$template" --rotate-bytes 3KiB --batch-size 30 < in
    assert_equal "$status" 137
  done
  ksink-file -q --dir three --template "$template" --rotate-bytes 3KiB < in
  assert_equal "$(published three)" "$(published one)"
  is_exactly three in
  names_are_true three
}

@test "a template without {topic} or {partition} is for one of them" {
  records 20 > in
  run ksink-file --dir out --template '{topic}/{start}-{end}' < in
  assert_failure 78
  assert_output --partial 'Put {partition} into the template'
  grep '"partition":1' in > half
  rm -r out
  ksink-file -q --dir out --template '{start}' < half
  assert_equal "$(published out)" 0
  run ksink-file --dir out --template '{start}' < in
  assert_failure 78
  assert_equal "$(published out)" 0
}

@test "readers may take files away at any time" {
  records 100 > in
  head -50 in > first
  ksink-file -q --dir out --rotate-records 10 < first
  mkdir taken
  mv out/t taken
  ksink-file -q --dir out --rotate-records 10 < in
  cat taken/t/*/* > both
  content_of out >> both
  diff <(sort both) <(sort in)
}

@test "a file that is there is not overwritten; moved away, the run goes on" {
  records 100 > in
  mkdir -p out/t/0
  echo mine > out/t/0/10-19.ndjson
  run ksink-file --dir out --rotate-records 10 < in
  assert_failure 65
  assert_output --partial "$PWD/out/t/0/10-19.ndjson: is there already, and is not this run's"
  assert_equal "$(cat out/t/0/10-19.ndjson)" mine
  run ksink-file --dir out --rotate-records 10 < in
  assert_failure 65
  mv out/t/0/10-19.ndjson mine
  ksink-file -q --dir out --rotate-records 10 < in
  is_exactly out in
}

@test "links and files in the way are refused and left alone" {
  records 20 > in
  mkdir out elsewhere
  ln -s ../elsewhere out/t
  run ksink-file --dir out < in
  assert_failure 74
  assert_output --partial "$PWD/out/t: a symbolic link or a file"
  assert_equal "$(ls elsewhere)" ''
  rm out/t
  ksink-file -q --dir out < in
  is_exactly out in

  : > file
  run ksink-file --dir file < in
  assert_failure 64
  run ksink-file --dir no/such/folder < in
  assert_failure 74
  assert_output --partial 'the folder above does not exist'
  mkdir linked
  ln -s ../elsewhere linked/.kpipe
  run ksink-file --dir linked < in
  assert_failure 74
  assert_equal "$(ls elsewhere)" ''
}

@test "parts and manifests that were changed are refused" {
  records 40 > in
  head -20 in > first
  local change
  for change in 'truncate -s -1' 'sed -i s/:\"[0-9a-f]/:\"?/' 'rm' 'cp --remove-destination first'; do
    rm -rf out
    # A run that is torn off leaves its parts.
    { cat first; printf torn; } > torn
    run ksink-file --dir out < torn
    assert_failure 65
    [ "$(published out | wc -l)" -eq 0 ]
    bash -c "$change out/.kpipe/t-0/part-0.1"
    run ksink-file --dir out < in
    assert_failure 65
    assert_output --partial "$PWD/out/.kpipe/t-0/part-0.1"
    [ "$(published out | grep -c ^t/0)" -eq 0 ]
  done
  rm -rf out
  ksink-file -q --dir out < first
  sed -i '1s/"offset":10/"offset":11/' out/.kpipe/t-0/manifest
  run ksink-file --dir out < in
  assert_failure 65
  assert_output --partial 'manifest: damaged'
}

@test "a torn input leaves files open; the next run goes on with them" {
  records 40 > in
  { head -20 in; printf torn; } > torn
  run ksink-file --dir out < torn
  assert_failure 65
  [ "$(published out | wc -l)" -eq 0 ]
  ksink-file -q --dir out < in
  assert_equal "$(published out | tr '\n' ' ')" "t/0/0-19.ndjson t/1/0-19.ndjson "
  is_exactly out in
}

@test "another template, content or compression completes what is open and goes on" {
  records 40 > in
  { head -20 in; printf torn; } > torn
  run ksink-file --dir out < torn
  ksink-file -q --dir out --template '{partition}/{start}.zst' < in
  assert_equal "$(published out | tr '\n' ' ')" "0/10.zst 1/10.zst t/0/0-9.ndjson t/1/0-9.ndjson "
  is_exactly out in
}

@test "a replay (greater gen) begins files of its own" {
  printf '{"topic":"t","partition":0,"offset":%d,"value":1}\n' 1 2 3 > first
  printf '{"topic":"t","partition":0,"offset":%d,"gen":1,"value":1}\n' 2 3 4 > replay
  { cat first; printf torn; } > torn
  run ksink-file --dir out < torn
  assert_failure 65
  ksink-file -q --dir out < replay
  assert_equal "$(published out | tr '\n' ' ')" "t/0/1-3.ndjson t/0/2-4.ndjson "
  run ksink-file --dir out < first
  assert_failure 75
  # The same records again would be the same files: nothing is overwritten.
  sed 's/"gen":1/"gen":2/' replay > again
  run ksink-file --dir out < again
  assert_failure 65
  assert_output --partial 'is there already'
}

@test "a record's lines stay together, whatever the rotation" {
  printf '{"topic":"t","partition":0,"offset":%d,"value":%d}\n' 1 1 1 2 1 3 2 1 2 2 3 1 4 1 4 2 > in
  ksink-file -q --dir out --rotate-records 2 < in
  assert_equal "$(published out | tr '\n' ' ')" "t/0/1-2.ndjson t/0/3-4.ndjson "
  assert_equal "$(wc -l < out/t/0/1-2.ndjson)" 5
  ksink-file -q --dir small --rotate-bytes 1 < in
  assert_equal "$(published small | wc -l)" 4
  is_exactly small in
}

@test "many groups at once: few files are open, and none is lost" {
  seq 0 2999 | awk '{ printf "{\"topic\":\"t\",\"partition\":0,\"offset\":%d,\"key\":\"%d\",\"value\":%d}\n", $1, $1 % 1000, $1 }' > in
  local batch
  for batch in 50000 700; do
    (ulimit -n 600; ksink-file -q --dir "out$batch" --batch-size "$batch" --template '{partition}/{key}/{start}-{end}' < in)
    assert_equal "$(published "out$batch" | wc -l)" 1000
    is_exactly "out$batch" in
  done
}

# open_sink OPTION...: a sink that is fed through descriptor 7, and ends when it is closed. Its pid is $sink.
open_sink() {
  rm -f pipe
  mkfifo pipe
  ksink-file -q --dir out "$@" < pipe 3>&- 7>&- &
  sink=$!
  exec 7> pipe
}

@test "--rotate-interval completes a file by the clock, without new records" {
  records 40 > in
  open_sink --rotate-interval 300ms
  head -10 in >&7
  wait_until 20 test -e out/t/1/0-4.ndjson
  wait_until 20 test -e out/t/0/0-4.ndjson
  tail -30 in >&7
  wait_until 20 test -e out/t/0/5-19.ndjson
  exec 7>&-
  wait "$sink"
  is_exactly out in
}

@test "--rotate-interval completes what an earlier run has left open" {
  records 40 > in
  head -10 in | ksink-file -q --dir out --at-end keep
  [ -z "$(published out)" ]
  open_sink --rotate-interval 100ms
  wait_until 20 test -e out/t/0/0-4.ndjson
  exec 7>&-
  wait "$sink"
}

@test "--rotate-event-time completes files by the records' own time" {
  records 40 > in  # 14 minutes between two of a partition
  ksink-file -q --dir out --template '{topic}/{partition}/{ts:%H}/{start}-{end}' --rotate-event-time 2h --at-end keep < in
  # From 00:07: the hours whose first is 2 h older than the newest, 04:40.
  assert_equal "$(published out | grep ^t/1 | tr '\n' ' ')" "t/1/00/0-3 t/1/01/4-8 t/1/02/9-12 "
  ksink-file -q --dir out --template '{topic}/{partition}/{ts:%H}/{start}-{end}' < in
  is_exactly out in
}

@test "what a takeover has left that was killed is removed, and nothing that is somebody's" {
  records 10 > in
  ksink-file -q --dir out < in
  mkdir out/.kpipe/t-0~{1,2,3,4}
  echo -n t-0~2 > out/.kpipe/t-0~2/takes-from
  touch out/.kpipe/t-0~3/lock
  flock out/.kpipe/lock ksink-file -q --dir out < in  # another takes over now
  assert_equal "$(cd out/.kpipe && echo t-0~*)" "t-0~1 t-0~2 t-0~3 t-0~4"
  ksink-file -q --dir out < in
  assert_equal "$(cd out/.kpipe && echo t-0~*)" "t-0~3"
}

@test "--rotate-open completes the file that was not written for the longest" {
  local options=(-q --template '{topic}/{ts:%H}/{key}/{partition}/{start}-{end}.ndjson' --rotate-open 4)
  records 330 > in  # of more than a day: hours come again
  ksink-file "${options[@]}" --dir out --at-end keep < in
  assert_equal "$(find out/.kpipe -name 'part-*' | wc -l)" 8
  assert_equal "$(find out -path '*/t/07/k1/0/*' | wc -l)" 2
  ksink-file "${options[@]}" --dir out < /dev/null
  is_exactly out in
  names_are_true out
  # The same files from any batches.
  local lines
  for lines in 1 7 130 200; do
    head -"$lines" in | ksink-file "${options[@]}" --batch-size 37 --dir again --at-end keep
  done
  ksink-file "${options[@]}" --dir again --batch-size 9 < in
  diff -r --exclude=.kpipe out again
}

@test "SIGHUP completes what is open" {
  records 40 > in
  open_sink
  head -10 in >&7
  wait_until 20 grep -q '"offset":5' out/.kpipe/t-0/manifest
  wait_until 20 grep -q '"offset":5' out/.kpipe/t-1/manifest
  [ -z "$(published out)" ]
  kill -HUP "$sink"
  wait_until 20 test -e out/t/0/0-4.ndjson
  wait_until 20 test -e out/t/1/0-4.ndjson
  tail -30 in >&7
  exec 7>&-
  wait "$sink"
  is_exactly out in
}

@test "--at-end keep leaves files open; a run without records completes them" {
  records 100 > in
  head -37 in | ksink-file -q --dir out --rotate-records 15 --at-end keep
  assert_equal "$(published out | tr '\n' ' ')" "t/0/0-14.ndjson t/1/0-14.ndjson "
  ksink-file -q --dir out --rotate-records 15 --at-end keep < in
  ksink-file -q --dir whole --rotate-records 15 < in
  ksink-file -q --dir out < /dev/null
  assert_equal "$(published out)" "$(published whole)"
  is_exactly out in
}

# script NAME: an executable of the lines on stdin.
script() {
  { echo '#!/bin/bash'; cat; } > "$1"
  chmod +x "$1"
}

@test "--on-publish runs for each file, without a shell" {
  records 60 > in
  mkdir copies
  # shellcheck disable=SC2016  # not to be expanded by anybody
  ksink-file -q --dir out --rotate-records 10 --template 'a b;$(touch pwned)/{partition}-{start}.x' \
    --on-publish "cp --no-clobber {} 'copies/'" < in
  assert_equal "$(find copies -type f -printf '%f\n' | sort | tr '\n' ' ')" "0-0.x 0-10.x 0-20.x 1-0.x 1-10.x 1-20.x "
  diff -r out/a* copies
  run find . -name pwned
  assert_output ''
  run ksink-file --dir out --on-publish 'cp {} "x' < in
  assert_failure 64
  run ksink-file --dir out --on-publish 'cp x' < in
  assert_failure 64
}

@test "--on-publish tries again what has failed, and says so" {
  records 60 > in
  script hook << 'HOOK'
name=${1##*/}
echo x >> "tries.$name"
[ "$(wc -l < "tries.$name")" -ge 2 ] && cp "$1" "copy.$name"
HOOK
  run ksink-file --dir out --rotate-records 10 --template '{partition}_{start}' --on-publish './hook {}' < in
  assert_success
  assert_output --partial "--on-publish: $PWD/out/0_10: ended with 1. It is tried again"
  cat copy.* | diff <(sort) <(sort in)
  assert_equal "$(cat tries.* | wc -l)" 12
}

@test "--on-publish that goes on to fail ends with 75; the next run does it, also after kill -9" {
  records 60 > in
  run ksink-file --dir out --rotate-records 10 --on-publish 'false {}' < in
  assert_failure 75
  assert_output --partial '6 files have their names, but the command has not succeeded'
  is_exactly out in
  mkdir copies
  ksink-file -q --dir out --on-publish 'cp {} copies/' < in
  assert_equal "$(find copies -type f | wc -l)" 3  # the files of two partitions have the same last names
  cat out/t/*/* | diff <(sort) <(sort in)

  rm -rf out
  script slow << 'HOOK'
echo "$1" >> started
[ -e release ] && echo "$1" >> finished
HOOK
  open_sink --rotate-records 10 --on-publish './slow {}'
  head -40 in >&7
  wait_until 20 test -s started
  kill -9 "$sink"
  exec 7>&-
  wait "$sink" || true
  touch release
  ksink-file -q --dir out --rotate-records 10 --on-publish './slow {}' < in
  assert_equal "$(sort -u finished)" "$(find "$PWD/out/t" -type f | sort)"
}

@test "files that wait for --on-publish wait through runs without it" {
  records 60 > in
  run ksink-file --dir out --rotate-records 10 --on-publish 'false {}' < in
  assert_failure 75
  # Without the option: nothing runs, nothing is forgotten, what it completes itself has no command.
  for _ in 1 2; do
    run ksink-file --dir out --rotate-records 10 --keep 1B < <(records 90)
    assert_success
    assert_output --partial "--on-publish: $PWD/out: has 6 files of earlier runs for which the command has not succeeded"
  done
  assert_equal "$(published out | wc -l)" 6  # --keep takes none that was not uploaded
  mkdir copies
  ksink-file -q --dir out --on-publish 'cp --parents {} copies' < /dev/null
  diff -r --exclude .kpipe out "copies$PWD/out"
  script note << 'HOOK'
echo "$1" >> noted
HOOK
  run ksink-file --dir out --on-publish './note {}' < /dev/null
  assert_success
  refute_output --partial 'earlier runs'
  [ ! -e noted ]
}

@test "--keep deletes its own files by size, the oldest first, and nothing else" {
  records 200 > in
  head -100 in | ksink-file -q --dir out --rotate-records 10
  local old
  old=$(published out)
  ksink-file -q --dir out --rotate-records 10 --keep 6KiB < in
  # What was completed without the option stays, and of the rest 6 KiB.
  local file
  for file in $old; do [ -e "out/$file" ]; done
  local size
  size=$(published out | grep -vxF "$old" | sed 's/^/out\//' | xargs stat -c %s | awk '{ s += $1 } END { print s }')
  ((size <= 6144 && size > 3000))
  # A file that is not what was published is somebody else's.
  echo mine > out/mine
  local left
  left=$(published out | grep -vxF -e "$old" -e mine | head -1)
  cp "out/$left" copy
  mv copy "out/$left"
  ksink-file -q --dir out --keep 1KiB < in
  assert_equal "$(published out)" "$(printf '%s\n' "$old" mine "$left" | sort)"
  run ksink-file --dir out --keep 100 < in
  assert_failure 64
}

only_state() { [ "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .kpipe | wc -l)" -eq 0 ]; }

@test "--keep deletes by age, with the folders that become empty" {
  records 40 > in
  open_sink --rotate-records 10 --template '{partition}/{start}/x' --keep 1s
  cat in >&7
  wait_until 20 test -e out/0/10/x
  wait_until 20 only_state out
  exec 7>&-
  wait "$sink"
  assert_equal "$(ksink-file --print-offsets --dir out | jq -s 'map(.offset) | add')" 40
}
