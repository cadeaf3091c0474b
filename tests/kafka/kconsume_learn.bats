#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --json-schema learn:FILE, and a second run that holds what comes against it.
# shellcheck disable=SC2154  # bats sets them

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
}

@test "a run writes what it has seen; the next refuses what does not fit, with the place" {
  printf '%s\n' '{"id":1,"tags":["a"],"at":{"x":1.5}}' '{"id":2,"tags":[],"note":null,"at":{"x":2}}' | produce "$TOPIC"
  run -0 --separate-stderr kconsume -t "$TOPIC" --once --envelope value --json-schema learn:s.json
  assert_equal "${#lines[@]}" 2
  assert_equal "$(jq -c '.required | sort' s.json)" '["at","id","tags"]'
  assert_equal "$(jq -c .properties.id.type s.json)" '"integer"'
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once --json-schema s.json
  assert_equal "${#lines[@]}" 2
  echo '{"id":"three","tags":[],"at":{"x":1}}' | produce "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once --json-schema s.json
  assert_equal "${#lines[@]}" 2
  assert_regex "$stderr" "$TOPIC\\[0\\]@2: the value .*/id"
}

@test "it is about JSON only" {
  run -64 --separate-stderr kconsume -t "$TOPIC" --once -f string --json-schema learn:s.json
  assert_regex "$stderr" "--json-schema: needs -f json"
}
