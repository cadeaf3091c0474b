#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ksink-file alone, fed from files: no Kafka is needed to see what it keeps and what it refuses.
# shellcheck disable=SC2030,SC2031  # bats runs each test in a subshell, and sets status there

bats_require_minimum_version 1.5.0

load ../support/common

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
}

# records COUNT: record lines of topic t in two partitions, 200 random characters each, so that zstd
# cannot make them small and a batch's frame is several pages long.
records() {
  head -c "$(($1 * 100))" /dev/urandom | od -An -v -tx1 -w100 | tr -d ' ' |
    awk '{ printf "{\"topic\":\"t\",\"partition\":%d,\"offset\":%d,\"timestamp\":1,\"key\":\"k\",\"headers\":[],\"value\":{\"v\":\"%s\"}}\n", NR % 2, int((NR - 1) / 2), $0 }'
}

content_of() {
  case $1 in
    *.zst) zstd -dcq "$1" ;;
    *) cat "$1" ;;
  esac
}

@test "appends across runs and drops what is stored already" {
  records 100 > all
  head -60 all > first
  for out in out.ndjson out.ndjson.zst; do
    run ksink-file "$out" < first
    assert_success
    assert_output "ksink-file: stored 60 records in $PWD/$out, 0 duplicates dropped, 1 batch"
    run ksink-file "$out" < all
    assert_success
    assert_output "ksink-file: stored 40 records in $PWD/$out, 60 duplicates dropped, 1 batch"
    run ksink-file "$out" < all
    assert_success
    assert_output "ksink-file: stored 0 records in $PWD/$out, 100 duplicates dropped, 0 batches"
    content_of "$out" | cmp - all
  done
}

@test "no input makes an empty file that is valid" {
  ksink-file -q out.zst < /dev/null
  ksink-file -q out.txt < /dev/null
  run content_of out.zst
  assert_success
  assert_output ""
  [ ! -s out.txt ] && [ -f out.txt ]
}

@test "--content value keeps the values' own text, tombstones as null" {
  cat > in << 'EOF'
{"topic":"t","partition":0,"offset":1,"timestamp":1,"key":"a","headers":[],"value":{"n": 1.50, "s":"\u00e9"}}
{"topic":"t","partition":0,"offset":2,"timestamp":1,"key":"a","headers":[],"value":null}
{"topic":"t","partition":0,"offset":3,"timestamp":1,"key":"a","headers":[],"value":"text"}
EOF
  ksink-file -q --content value out < in
  printf '%s\n' '{"n": 1.50, "s":"\u00e9"}' null '"text"' | cmp - out
  run ksink-file out < in
  assert_failure 78
  assert_output --partial "--content value"
}

@test "--compress overrides the name and may not change later" {
  records 50 > in
  ksink-file -q --compress zstd:19 out.ndjson < in
  zstd -dcq --stdout out.ndjson | cmp - in
  run ksink-file out.ndjson < in
  assert_failure 78
  assert_output --partial "--compress"
  run ksink-file --compress gzip other < in
  assert_failure 64
  assert_output --partial "Use zstd"
  run ksink-file other.gz < in
  assert_failure 64
  [ ! -e other ]
}

@test "--compress zstd with a level, a window and threads: zstd reads it without options" {
  records 3000 > in
  for how in zstd:19,long=27,threads=2 zstd:long zstd:threads=0 zstd:1,long=10; do
    ksink-file -q --compress "$how" --batch-size 700 one < in
    zstd -dcq one | cmp - in
    ksink-file -q --compress "$how" --batch-size 700 --dir many --rotate-records 900 --template '{start}-{end}-{partition}' < in
    find many -type f -not -path '*/.kpipe/*' -exec zstd -dcq {} + | sort | cmp - <(sort in)
    rm -r many one one.kpipe
  done
  # A window above what a reader takes unasked is never written.
  ksink-file -q --compress zstd:long one < in
  run zstd -lv one
  assert_success
  assert_output --partial "Window Size: 128 MiB"
  run ksink-file --compress zstd:long=31 other < in
  assert_failure 64
  assert_output --partial "long is 31, not 10 to 27"
  [ ! -e other ]
}

@test "another level, window or number of threads goes on with the same file" {
  records 900 > in
  head -300 in | ksink-file -q one.zst
  head -600 in | ksink-file -q --compress zstd:12,threads=2 one.zst
  ksink-file -q --compress zstd:long one.zst < in
  zstd -dcq one.zst | cmp - in
}

@test "--print-offsets prints checkpoint lines and touches nothing" {
  run ksink-file --print-offsets out
  assert_failure 66
  [ ! -e out ]
  records 10 > in
  ksink-file -q --sink-id archive out < in
  run --separate-stderr ksink-file --print-offsets out
  assert_success
  assert_line --index 0 '{"topic":"t","partition":0,"offset":5,"sink":"file:archive"}'
  assert_line --index 1 '{"topic":"t","partition":1,"offset":5,"sink":"file:archive"}'
}

@test "a replay (greater gen) is stored again, an older one is refused" {
  printf '{"topic":"t","partition":0,"offset":%d,"value":1}\n' 1 2 3 > first
  printf '{"topic":"t","partition":0,"offset":%d,"gen":1,"value":1}\n' 2 3 > replay
  ksink-file -q out < first
  ksink-file -q out < replay
  cat first replay | cmp - out
  run ksink-file out < first
  assert_failure 75
  cat first replay | cmp - out
}

@test "a second instance ends with 75 and names the file" {
  records 10 > in
  mkfifo pipe
  ksink-file -q out < pipe 3>&- &
  local first=$!
  exec 7> pipe
  wait_until 20 test -e out.kpipe
  run ksink-file out < in
  assert_failure 75
  assert_output --partial "$PWD/out: another ksink-file"
  cat in >&7
  exec 7>&-
  wait "$first"
  cmp in out
}

@test "files that are not ours, or no longer, are refused and left alone" {
  records 20 > in
  echo "mine" > foreign
  run ksink-file foreign < in
  assert_failure 65
  assert_output --partial "has no checkpoint"
  assert_equal "$(cat foreign)" mine

  ksink-file -q out < in
  cp out copy
  echo foreign >> out
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "something else appended them"
  assert_output --partial "truncate -s $(stat -c %s copy)"
  assert_equal "$(tail -1 out)" foreign
  truncate -s "$(stat -c %s copy)" out
  ksink-file -q out < in
  cmp in out
  truncate -s -1 out
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "was cut"
  sed '20s/"v":"../"v":"??/' copy > out
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "was changed"
  mv copy out
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "is another file"
  rm out
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "data file is gone"
  [ ! -e out ]
}

@test "a damaged checkpoint is refused" {
  records 20 > in
  ksink-file -q out < in
  sed -i 's/"length":/"length":1/' out.kpipe
  run ksink-file out < in
  assert_failure 65
  assert_output --partial "out.kpipe: damaged"
  cmp in out
}

@test "links, folders and devices are refused" {
  ln -s elsewhere link
  mkdir folder
  for path in link folder /dev/null folder/; do
    run ksink-file "$path" < /dev/null
    assert_failure 64
  done
  run ksink-file no/such/folder/out < /dev/null
  assert_failure 74
  assert_output --partial "does not exist"
}

@test "bad lines end with 65 and what came before is not lost by it" {
  records 10 > in
  { cat in; echo 'not json'; } > bad
  run ksink-file --batch-size 5 out < bad
  assert_failure 65
  assert_output --partial "line 11"
  ksink-file -q out < in
  cmp in out
}

# killed_everywhere OUT SYSCALL: SIGKILL at the 1st, 2nd, ... call of SYSCALL until it is called no more;
# after each, what is there is valid, and the next run makes it exact.
killed_everywhere() {
  local out=$1 syscall=$2 n
  for ((n = 1; ; n++)); do
    rm -f "$out" "$out".kpipe*
    run strace -qq -o trace -e trace="$syscall" -e inject="$syscall:signal=SIGKILL:when=$n" \
      ksink-file -q --batch-size 40 "$out" < in
    if [ "$status" -eq 0 ]; then
      content_of "$out" | cmp - in
      ((n > 1))
      return
    fi
    assert_equal "$status" 137
    if [[ $out == *.zst && -e $out ]]; then
      content_of "$out" > seen || fail "$out is not valid after a kill at $syscall $n"
      cmp -n "$(stat -c %s seen)" seen in || fail "$out has foreign bytes after a kill at $syscall $n"
    fi
    ksink-file -q "$out" < in || fail "no restart after a kill at $syscall $n"
    content_of "$out" | cmp - in || fail "not exact after a kill at $syscall $n"
  done
}

@test "kill -9 at every system call: plain" {
  records 120 > in
  for syscall in pwrite64 write fdatasync fsync rename openat linkat flock close read; do
    killed_everywhere out.ndjson "$syscall"
  done
}

@test "kill -9 at every system call: zstd, valid before the restart too" {
  records 120 > in
  for syscall in pwrite64 ftruncate write fdatasync fsync rename openat linkat flock close read; do
    killed_everywhere out.ndjson.zst "$syscall"
  done
}

# torn OUT: a file that a killed run has left with 4 bytes behind its checkpoint.
torn() {
  rm -f "$1" "$1".kpipe*
  run strace -qq -o trace -e trace=fdatasync -e inject=fdatasync:signal=SIGKILL:when=5 \
    ksink-file -q --batch-size 40 "$1" < in
  assert_equal "$status" 137
  printf 'torn' >> "$1"
}

@test "kill -9 while a torn tail is being cut" {
  records 120 > in
  local n syscall out
  for out in out.ndjson out.ndjson.zst; do
    for syscall in ftruncate fdatasync fsync rename; do
      for n in 1 2; do
        torn "$out"
        run strace -qq -o trace -e trace="$syscall" -e inject="$syscall:signal=SIGKILL:when=$n" \
          ksink-file -q "$out" < in
        ksink-file -q "$out" < in
        content_of "$out" | cmp - in
      done
    done
  done
  torn out.ndjson
  run ksink-file out.ndjson < in
  assert_success
  assert_line --partial "cut off"
  cmp in out.ndjson
}

# The kernel may stop for SIGKILL between two pages of one write: only within a page is a write all or
# nothing. So each write that moves the end of a .zst, or changes a header, must stay in one page.
@test "zstd: every write that a reader can see is atomic" {
  records 4000 > in
  strace -qq -o trace -e trace=pwrite64,ftruncate ksink-file -q --batch-size 1500 out.zst < in
  content_of out.zst | cmp - in
  run awk -F '[ ,()=]+' '
    /^pwrite64/ {
      length_ = $(NF - 2); at = $(NF - 1); end = at + length_
      one_page = int(at / 4096) == int((end - 1) / 4096)
      if (end > size) { grown++; if (at != size || !one_page) bad++; size = end }
      else if (length_ <= 8) { headers++; if (!one_page) bad++ }
    }
    /^ftruncate/ { size = $(NF - 1) }
    END { print (grown > 100), (headers >= 6), bad + 0 }' trace
  assert_output "1 1 0"
}

# acks_are_stored OUT: every offset acknowledged in the file `acks` is stored in OUT.
acks_are_stored() {
  ksink-file --print-offsets "$1" > stored 2> /dev/null || : > stored
  jq -es --slurpfile stored stored '
    [.[] | select(.topic)] | all(. as $ack | any($stored[];
      .partition == $ack.partition and .offset >= $ack.offset))' acks > /dev/null
}

@test "a file size limit and a full disk end with 74; the restart is exact" {
  records 2000 > in
  local out
  for out in out.ndjson out.ndjson.zst; do
    (umask 077 && : > acks)
    run bash -c 'ulimit -f 200; exec ksink-file --acks acks --batch-size 200 "$1" < in' - "$out"
    assert_failure 74
    assert_output --partial "File too large"
    acks_are_stored "$out"
    # A failed batch leaves nothing behind.
    content_of "$out" > seen
    cmp -n "$(stat -c %s seen)" seen in
    assert_equal "$(tail -c 1 seen | od -An -tx1)" " 0a"
    ksink-file -q "$out" < in
    content_of "$out" | cmp - in
  done

  local namespace=(unshare -m)
  [ "$(id -u)" -eq 0 ] || namespace=(unshare -rm)
  mkdir small
  # shellcheck disable=SC2016  # for the inner shell
  local script='
    mount -t tmpfs -o size=160k none small
    ksink-file --batch-size 200 "$1" < in
    echo "status $?"
    mount -o remount,size=4m small
    ksink-file -q "$1" < in
    case $1 in *.zst) zstd -dcq "$1" ;; *) cat "$1" ;; esac | cmp - in && echo exact'
  for out in small/out.ndjson small/out.ndjson.zst; do
    run "${namespace[@]}" bash -c "$script" - "$out"
    assert_line --partial "No space left on device"
    assert_line "status 74"
    assert_line "exact"
  done
}

@test "a file removed or appended to while it is written ends the run with 74" {
  records 20 > in
  local change
  for change in 'rm out' 'echo foreign >> out' 'mv out moved'; do
    rm -f out* pipe
    mkfifo pipe
    ksink-file --batch-timeout 0.01 out < pipe 3>&- 2> errors &
    local sink=$!
    exec 7> pipe
    head -10 in >&7
    wait_until 20 test -s out
    wait_until 20 grep -q '"offset":5' out.kpipe
    bash -c "$change"
    tail -10 in >&7
    exec 7>&-
    local status=0
    wait "$sink" || status=$?
    assert_equal "$status" 74
    grep -q "$PWD/out" errors
    run ksink-file out < in  # nor does the next start cut off what is not ours
    assert_failure 65
  done
}
