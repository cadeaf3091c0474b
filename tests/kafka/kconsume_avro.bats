#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Avro that others wrote: confluent-kafka's serializer and fastavro by a real registry, Avro's own package for containers.
# shellcheck disable=SC2154  # output and stderr are bats's

bats_require_minimum_version 1.5.0
load ../support/common

setup_file() {
  # shellcheck source=packaging/lib/common.bash
  . "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
  # shellcheck source=packaging/lib/servers.bash
  . "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
  load registry
  registry_start "$BATS_FILE_TMPDIR/registry"
}

teardown_file() {
  # shellcheck source=packaging/lib/common.bash
  . "$BATS_TEST_DIRNAME/../../packaging/lib/common.bash"
  # shellcheck source=packaging/lib/servers.bash
  . "$BATS_TEST_DIRNAME/../../packaging/lib/servers.bash"
  load registry
  registry_stop "$BATS_FILE_TMPDIR/registry"
}

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
}

avro_kafka() { "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/avro_kafka.py" "$@"; }

@test "references, unions and logical types by a registry, keys too" {
  avro_kafka orders "$TOPIC"
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once -f avro --key-format avro --registry-url "$REGISTRY_URL"
  local money='{"amount":-12345678901234567890.1234,"currency":"USD"}'
  local begin='{"id":"b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63","at":"2026-11-21T12:34:56.000045Z","day":"2026-11-21"'
  assert_equal "$(sed 's/.*"value"://; s/}$//' <<<"$output")" "$(
    for note in null '"text"' 5 "$money"; do
      echo "$begin,\"lines\":[{\"price\":$money,\"count\":2}],\"note\":$note}"
    done
    echo "$begin,\"items\":[{\"price\":$money,\"count\":2}],\"note\":\"new\",\"channel\":\"web\"}"
  )"
  assert_equal "$(jq -c .key <<<"$output" | paste -sd' ')" '0 1 2 3 0'
}

@test "by the latest schema of the topic's subject all records have one shape" {
  avro_kafka orders "$TOPIC"
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once -f avro --registry-url "$REGISTRY_URL" --value-subject '{topic}-value'
  assert_equal "$(jq -r '.value | [(.items | length), .channel, has("lines")] | join(" ")' <<<"$output" | sort | uniq -c | sed 's/^ *//')" \
    $'4 1 shop false\n1 1 web false'
  run -66 --separate-stderr kconsume -q -t "$TOPIC" --once -f avro --registry-url "$REGISTRY_URL" --value-subject 'nobody-has-it'
  assert_regex "$stderr" 'subject nobody-has-it'
}

@test "Avro's own JSON encoding names the branches of unions" {
  avro_kafka orders "$TOPIC"
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once -c 4 -f avro --avro-json --registry-url "$REGISTRY_URL"
  assert_equal "$(jq -c '.value.note | if . == null then . else keys end' <<<"$output" | paste -sd' ')" \
    'null ["string"] ["long"] ["org.shop.Money"]'
}

@test "random data of random schemas, as fastavro reads it" {
  run -0 avro_kafka random "$TOPIC"
  assert_output --regexp '^seed [0-9]+: 20000 records: 0 differences$'
}

@test "by a schema in a file: bare data, single objects and object containers; containers need none" {
  avro_kafka local "$TOPIC" .
  run -0 --separate-stderr kconsume -q -t "$TOPIC" --once -f avro --avro-schema schema
  local first='{"n":1,"u":null}' second='{"n":-98,"u":"text"}'
  assert_equal "$(jq -c .value <<<"$output")" "$(printf '%s\n' "$first" "$second" "$second" "$first" "[$first,$second]" null)"
  run -0 --separate-stderr kconsume -q -t "$TOPIC:0" --from 3 --once -f avro
  assert_equal "$(jq -c .value <<<"$output")" "$(printf '%s\n' "$first" "[$first,$second]" null)"
}

@test "status 65 says the field and keeps what was before; 78 a schema that cannot be used" {
  avro_kafka local "$TOPIC" .
  printf '\x02' | kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$TOPIC"
  run -65 --separate-stderr kconsume -t "$TOPIC" --once -f avro --avro-schema schema
  assert_equal "${#lines[@]}" 6
  assert_regex "$stderr" "^kconsume: $TOPIC\[0\]@6: the value field u: ends inside the value"
  echo '{"type":"record","name":"R","fields":[{"name":"x","type":"nix"}]}' >wrong
  run -78 --separate-stderr kconsume -t "$TOPIC" --once -f avro --avro-schema wrong
  assert_regex "$stderr" 'record R: field x: there is no type "nix"'
}
