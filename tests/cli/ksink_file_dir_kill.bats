#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Takes long: hundreds of runs.
# ksink-file --dir alone, killed and stopped at every system call: what has a name is complete, and the next run makes the
# same files as an undisturbed one.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and output there

bats_require_minimum_version 1.5.0

load ksink_file_dir

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  OPTIONS=(-q --batch-size 40 --rotate-records 12 --template '{topic}/{partition}/{key}/{start}-{end}.ndjson')
  STEP=1 # from one call to the next that is struck
}

# So many files in a batch that one syncfs takes the place of all their syncs; half of them stay open.
many_files() {
  records 200 > in
  OPTIONS=(-q --batch-size 150 --rotate-open 40 --template '{topic}/{field:v}/{partition}/{start}-{end}.ndjson')
}

# stopped_everywhere CALL: SIGSTOP at the 1st, 2nd, ... CALL, with the lock or without. Another run does all there is to
# do, and the first, when it goes on, changes nothing.
stopped_everywhere() {
  local call=$1 n first status_of_first taken=0
  local options=("${OPTIONS[@]}" --lock-timeout 30ms)
  rm -rf whole
  ksink-file "${options[@]}" --dir whole < in
  for ((n = 1; ; n += STEP)); do
    rm -rf out trace
    # shellcheck disable=SC2016  # for the inner shell
    strace -qq -o trace -e trace="$call" -e inject="$call:signal=SIGSTOP:when=$n" \
      sh -c 'echo $$ > pid; exec ksink-file "$@"' - "${options[@]}" --dir out < in 2> first.err 3>&- &
    first=$!
    wait_until 20 stopped_or_ended "$first"
    if ! kill -0 "$first" 2> /dev/null; then
      wait "$first"
      break
    fi
    ksink-file "${options[@]:1}" --dir out < in 2> second.err || fail "second at $call $n: $(cat second.err)"
    ! grep -q 'taken over' second.err || taken=$((taken + 1))
    diff -r -x .kpipe whole out || fail "not exact while stopped at $call $n"
    kill -CONT "$(cat pid)"
    status_of_first=0
    wait "$first" || status_of_first=$?
    [[ $status_of_first == 0 || $status_of_first == 75 ]] || fail "$status_of_first at $call $n: $(cat first.err)"
    diff -r -x .kpipe whole out || fail "changed after it went on from $call $n"
    ksink-file "${options[@]}" --dir out < in
    diff -r -x .kpipe whole out || fail "changed by the next run, $call $n"
  done
  echo "$call: $(((n - 1) / STEP)) stops, $taken taken over" >&3
  ((n > 1 && taken > 0))
  diff -r -x .kpipe whole out
}

# By the state of the process, "T" or "t" (under strace).
stopped_or_ended() {
  ! kill -0 "$1" 2> /dev/null || { grep -qs SIGSTOP trace && grep -q '^State:.[Tt]' "/proc/$(cat pid)/status"; }
}

@test "a process that was stopped anywhere is taken over from, and changes nothing when it goes on: writes, names" {
  records 120 > in
  local call
  for call in pwrite64 renameat2 renameat flock; do stopped_everywhere "$call"; done
}

@test "a process that was stopped anywhere: data on its way to the disk" {
  records 120 > in
  stopped_everywhere fdatasync
}

@test "a process that was stopped anywhere: names on their way to the disk" {
  records 120 > in
  stopped_everywhere fsync
}

@test "a process that was stopped anywhere: many files" {
  many_files
  stopped_everywhere syncfs
  STEP=61
  stopped_everywhere renameat2
}

# killed_taking_over CALL: while a run is stopped with both locks, another that takes over from it is killed at its 1st,
# 2nd, ... CALL. A third does all there is to do, and the first, when it goes on, changes nothing.
killed_taking_over() {
  local call=$1 n first status_of_first killed
  local options=("${OPTIONS[@]}" --lock-timeout 30ms)
  rm -rf whole
  ksink-file "${options[@]}" --dir whole < in
  for ((n = 1; ; n++)); do
    rm -rf out trace
    # shellcheck disable=SC2016  # for the inner shell
    strace -qq -o trace -e trace=pwrite64 -e inject=pwrite64:signal=SIGSTOP:when=10 \
      sh -c 'echo $$ > pid; exec ksink-file "$@"' - "${options[@]}" --dir out < in 2> first.err 3>&- &
    first=$!
    wait_until 20 stopped_or_ended "$first"
    run strace -qq -o trace2 -e trace="$call" -e inject="$call:signal=SIGKILL:when=$n" \
      ksink-file "${options[@]:1}" --dir out < in
    [[ $status == 0 || $status == 137 ]] || fail "$status at $call $n: $output"
    ksink-file "${options[@]}" --dir out < in || fail "third at $call $n"
    diff -r -x .kpipe whole out || fail "not exact after a kill at $call $n"
    kill -CONT "$(cat pid)"
    status_of_first=0
    wait "$first" || status_of_first=$?
    assert_equal "$status_of_first" 75
    diff -r -x .kpipe whole out || fail "changed after it went on, $call $n"
    # Nothing is left of what was taken from.
    killed=$status
    ksink-file "${options[@]}" --dir out < in
    assert_equal "$(find out/.kpipe -mindepth 1 -maxdepth 1 -type d | sort | xargs -n 1 basename | tr '\n' ' ')" "t-0 t-1 "
    if [ "$killed" -eq 0 ]; then
      echo "$call: $((n - 1)) kills" >&3
      return
    fi
  done
}

@test "a takeover that is killed itself is ended by the next: writes, names" {
  records 120 > in
  local call
  for call in mkdirat renameat2 pwrite64 unlinkat; do killed_taking_over "$call"; done
}

@test "a takeover that is killed itself: syncs" {
  records 120 > in
  local call
  for call in fdatasync fsync; do killed_taking_over "$call"; done
}

# killed_everywhere CALL STRACE_OPTION...: SIGKILL at the 1st, 2nd, ... CALL until it is called no more. After each, what
# has a name is complete, and the next run makes all of it, under the names of an undisturbed run.
killed_everywhere() {
  local call=$1 n
  shift
  local options=("${OPTIONS[@]}")
  rm -rf whole
  ksink-file "${options[@]}" --dir whole < in
  for ((n = 1; ; n += STEP)); do
    rm -rf out
    run strace -qq -o trace -e trace="$call,renameat2" "$@" -e inject="$call:signal=SIGKILL:when=$n" ksink-file "${options[@]}" --dir out < in
    if [ "$status" -eq 0 ]; then
      echo "$call: $(((n - 1) / STEP)) kills" >&3
      ((n > 1)) && is_exactly out in
      return
    fi
    assert_equal "$status" 137
    if [ -d out ]; then
      names_are_true_of whole out || fail "not complete after a kill at $call $n"
    fi
    ksink-file "${options[@]}" --dir out < in || fail "no restart after a kill at $call $n"
    diff <(published whole) <(published out) || fail "other names after a kill at $call $n"
    diff -r -x .kpipe whole out || fail "not exact after a kill at $call $n"
  done
}

# names_are_true_of WHOLE OUT: each file of OUT is the one of WHOLE.
names_are_true_of() {
  ! diff -r -x .kpipe "$1" "$2" | grep -v "^Only in $1[:/]"
}

@test "kill -9 at every system call: writes and syncs" {
  records 120 > in
  local call
  for call in pwrite64 write fdatasync fsync; do killed_everywhere "$call"; done
}

@test "kill -9 at every system call: names" {
  records 120 > in
  local call
  for call in renameat2 renameat mkdirat openat; do killed_everywhere "$call"; done
}

@test "kill -9 at every system call: a file system without renameat2" {
  records 120 > in
  local call
  for call in linkat unlinkat; do killed_everywhere "$call" -e inject=renameat2:error=EINVAL; done
}

@test "kill -9 among many files" {
  many_files
  killed_everywhere syncfs
  STEP=61
  local call
  for call in pwrite64 renameat2 mkdirat; do killed_everywhere "$call"; done
}
