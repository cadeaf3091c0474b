# SPDX-License-Identifier: Apache-2.0
# A secret is given by reference, and shows up nowhere: not in a command line, not in messages at the highest log level, not in
# what a crash leaves. No broker and no database is needed: the failures of a login say most.
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  MARKER=marker-$RANDOM$RANDOM$RANDOM
  export SECRET=$MARKER
  (umask 077 && echo "$MARKER" >secret)
  # A port that nobody listens on.
  LOGIN=(-b 127.0.0.1:1 -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN -X sasl.username=etl)
}

# tells_nothing COMMAND...: runs it, looks at its command line while it runs and at all that it said.
tells_nothing() {
  ulimit -c unlimited
  "$@" >said 2>&1 3>&- &
  local pid=$! seen=0
  while kill -0 "$pid" 2>/dev/null; do
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null >cmdline && [[ -s cmdline ]]; then
      seen=1
      refute grep -q "$MARKER" cmdline
    fi
    sleep 0.05
  done
  wait "$pid" || true
  ((seen)) || fail "the command line was never seen"
  [[ -s said ]] || fail "it said nothing"
  refute grep "$MARKER" said
  assert_equal "$(find . -name 'core*' | wc -l)" 0
}

@test "a password from the environment and from a file, at every log level" {
  local tool
  for tool in "kconsume -t t" "kgroups list" "kseek -g g -t t --to earliest"; do
    # shellcheck disable=SC2086 # the tool and its arguments
    tells_nothing ${tool%% *} "${LOGIN[@]}" -X sasl.password=env:SECRET -X debug=all --log-level debug --timeout 300ms ${tool#* }
    # shellcheck disable=SC2086
    tells_nothing ${tool%% *} "${LOGIN[@]}" -X sasl.password=file:secret -X debug=all --log-level debug --timeout 300ms ${tool#* }
  done
}

@test "a literal secret is refused without being repeated" {
  run -64 --separate-stderr kconsume "${LOGIN[@]}" -X "sasl.password=$MARKER" -t t
  assert_regex "$stderr" 'Give file:PATH, env:NAME or cred:NAME in its place'
  refute grep -q "$MARKER" <<<"$stderr"
  run -64 --separate-stderr ksink-pg --dsn "host=127.0.0.1 port=1 password=$MARKER" --table t
  refute grep -q "$MARKER" <<<"$stderr"
  run -64 --separate-stderr ksink-pg --dsn "postgresql://u:$MARKER@127.0.0.1:1/x" --table t
  refute grep -q "$MARKER" <<<"$stderr"
}

@test "a database password from the environment" {
  mkfifo in
  exec 7<>in
  PGPASSWORD=$MARKER tells_nothing timeout 2 ksink-pg --dsn 'host=127.0.0.1 port=1 user=u dbname=d' --table t -v --log-level debug --retry-for 1s <in
  exec 7>&-
}

@test "a crash leaves no dump of memory" {
  ulimit -c unlimited
  mkfifo in
  exec 7<>in
  ksink-file out <in 3>&- &
  local pid=$!
  wait_until 10 test -e out
  assert_regex "$(grep 'Max core file size' "/proc/$pid/limits")" 'size +0 '
  kill -SEGV "$pid"
  wait "$pid" || true
  exec 7>&-
}
