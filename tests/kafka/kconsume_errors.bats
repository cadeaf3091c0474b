#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is refused, and with which status: scripts and supervisors decide by it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats runs each test in a subshell; another shell expands pipelines

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  new_group
}

# says PATTERN: nothing on stdout, one line of kconsume's on stderr.
says() {
  assert_equal "$output" ""
  assert_equal "${#stderr_lines[@]}" 1
  assert_regex "$stderr" "^kconsume: .*$1"
}

@test "an unknown topic: 66, with and without a group" {
  run -66 --separate-stderr kconsume -t "$(unique nowhere)" --once
  says 'nowhere_.*[Uu]nknown topic.*Check the name'
  run -66 --separate-stderr kconsume -t "$(unique nowhere)" -g "$GROUP" --once --commit none
  says 'nowhere_.*[Uu]nknown topic'
}

@test "an unreachable broker: 69 within --timeout, and why" {
  local start=$SECONDS
  run -69 --separate-stderr kconsume -b 127.0.0.1:1 -t any --timeout 1s
  says 'connect: 127\.0\.0\.1:1: Connection refused\. Nothing listens there'
  ((SECONDS - start <= 5)) || fail "took $((SECONDS - start)) s"
  run -69 --separate-stderr kconsume -b no-such-host.invalid:9092 -t any --timeout 1s
  says 'no-such-host.invalid'
}

@test "a server that is no Kafka: 69 within --timeout" {
  python3 - 3>&- <<'PYTHON' &
import os, socket
server = socket.create_server(("127.0.0.1", 0))
with open(os.environ["BATS_TEST_TMPDIR"] + "/port.new", "w") as port:
    port.write(str(server.getsockname()[1]))
os.rename(port.name, os.environ["BATS_TEST_TMPDIR"] + "/port")
kept = []
while True:
    kept.append(server.accept())
PYTHON
  local server=$! start
  wait_until 10 test -f "$BATS_TEST_TMPDIR/port"
  start=$SECONDS
  run -69 --separate-stderr kconsume -b "127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")" -t any --timeout 1s
  kill "$server"
  assert_equal "$output" ""
  assert_regex "$stderr" '^kconsume: '
  ((SECONDS - start <= 5)) || fail "took $((SECONDS - start)) s"
}

@test "properties that would break the promise are refused with the reason" {
  local property
  for property in enable.auto.commit=true enable.auto.offset.store=true enable.partition.eof=false; do
    run -78 --separate-stderr kconsume -t any -X "$property"
    says "-X: ${property%%=*}: refused: "
  done
  run -78 --separate-stderr kconsume -t any -X group.id=x
  says 'use -g'
  run -78 --separate-stderr kconsume -t any -X no.such.property=1
  says 'no.such.property'
  run -64 --separate-stderr kconsume -t any -X fetch.min.bytes
  says 'NAME=VALUE'
}

@test "properties that are allowed reach the library" {
  new_topic 1
  seq 1 10 | produce "$TOPIC"
  run -0 kconsume -t "$TOPIC" --once -X fetch.message.max.bytes=1000 -X client.id=tester
  assert_equal "${#lines[@]}" 10
  run -78 --separate-stderr kconsume -t "$TOPIC" --once -X fetch.message.max.bytes=many
  says 'fetch.message.max.bytes'
}

@test "--commit ack without anybody who could: 64" {
  run -64 bash -c "kconsume -t any -g '$GROUP' --commit ack --once >'$BATS_TEST_TMPDIR/out'"
  assert_regex "$output" 'no sink can acknowledge'
  run -64 --separate-stderr kconsume -t any --commit written
  says 'without a group'
}

@test "a full disk under stdout: 74, nothing of it committed" {
  new_topic 1
  seq 1 100000 | produce "$TOPIC"
  run -74 bash -c "kconsume -q -t '$TOPIC' -g '$GROUP' --once --commit written >/dev/full"
  assert_regex "$output" '^kconsume: stdout: .*No space left'
  assert_equal "$(committed "$GROUP" "$TOPIC")" ""
}

@test "SIGTERM and SIGINT end it with 0 where nothing is left to acknowledge" {
  new_topic 1
  seq 1 5 | produce "$TOPIC"
  local signal source
  for signal in TERM INT; do
    # Bats ignores SIGINT in background jobs; a shell of its own does not.
    "$KPIPE_PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' kconsume -t "$TOPIC" >"$BATS_TEST_TMPDIR/out.$signal" 3>&- &
    source=$!
    wait_until 20 eval '[[ $(wc -l <"$BATS_TEST_TMPDIR/out.'"$signal"'") == 5 ]]'
    kill -"$signal" "$source"
    wait "$source"
  done
}
