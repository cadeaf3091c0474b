#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# JSON with a frame, by Confluent's own serializer, and values held against JSON Schemas.

bats_require_minimum_version 1.5.0
load ../support/common
load ../../packaging/lib/common
load ../../packaging/lib/servers
load registry

setup_file() { registry_start "$BATS_FILE_TMPDIR"; }
teardown_file() { registry_stop "$BATS_FILE_TMPDIR"; }

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    cd "$BATS_TEST_TMPDIR" || return 1
    new_topic 1
}

SCHEMA='{"$schema":"http://json-schema.org/draft-07/schema#","title":"Order","type":"object","required":["id"],
    "properties":{"id":{"type":"integer"},"total":{"type":"number","minimum":0},"lines":{"type":"array","items":{"$ref":"#/definitions/line"}}},
    "definitions":{"line":{"type":"object","properties":{"sku":{"type":"string","pattern":"^[A-Z]{2}-[0-9]+$"}}}}}'

# framed ID JSON: a record with Confluent's frame.
framed() {
    local id
    id=$(printf %08x "$1")
    # shellcheck disable=SC2059 # bytes
    printf "\\0\\x${id:0:2}\\x${id:2:2}\\x${id:4:2}\\x${id:6:2}" >payload
    printf %s "$2" >>payload
    kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$TOPIC" payload
}

@test "what Confluent's serializer writes, 20,000 records" {
    "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/json_hand.py" "$KAFKA_BOOTSTRAP" "$REGISTRY_URL" "$TOPIC" 20000 "$RANDOM" <<<"$SCHEMA" >expected
    run -0 --separate-stderr kconsume -t "$TOPIC" --once -f json-schema --validate --registry-url "$REGISTRY_URL" --envelope value
    assert_equal "$stderr" ''
    cmp <(printf '%s\n' "$output") expected
}

@test "values are held against the schema that their frame names" {
    local id
    id=$(registry_add "$TOPIC-value" JSON <<<"$SCHEMA")
    framed "$id" '{"id": 12345678901234567890123, "total": 19.99}'
    framed "$id" '{"id":1,"lines":[{"sku":"AB-1"},{"sku":"ab"}]}'
    run -65 --separate-stderr kconsume -t "$TOPIC" --once -f json-schema --validate --registry-url "$REGISTRY_URL" --envelope value
    assert_output '{"id": 12345678901234567890123, "total": 19.99}'
    assert_regex "$stderr" "$TOPIC\[0\]@1: .*schema $id: /lines/1/sku: does not match pattern"
    run -0 --separate-stderr kconsume -t "$TOPIC" --once -f json-schema --registry-url "$REGISTRY_URL" --envelope value
    assert_equal "${#lines[@]}" 2
    framed 999 '{}'
    run -65 --separate-stderr kconsume -t "$TOPIC" --once --from -1 -f json-schema --validate --registry-url "$REGISTRY_URL"
    assert_regex "$stderr" 'schema 999: is unknown to the registry'
    run -0 --separate-stderr kconsume -q -t "$TOPIC" --once --from -1 -f json-schema --registry-url "$REGISTRY_URL" --envelope value
    assert_output '{}'
}

@test "a schema that refers to others in the registry" {
    local id
    registry_add "$TOPIC-line" JSON <<<'{"$schema":"http://json-schema.org/draft-07/schema#","$id":"line.json","type":"object","properties":{"n":{"type":"integer"}}}' >/dev/null
    id=$(registry_add "$TOPIC-value" JSON "[{\"name\":\"line.json\",\"subject\":\"$TOPIC-line\",\"version\":1}]" \
        <<<'{"$schema":"http://json-schema.org/draft-07/schema#","type":"array","items":{"$ref":"line.json"}}')
    framed "$id" '[{"n":1}]'
    framed "$id" '[{"n":1},{"n":"x"}]'
    run -65 --separate-stderr kconsume -t "$TOPIC" --once -f json-schema --validate --registry-url "$REGISTRY_URL" --envelope value
    assert_output '[{"n":1}]'
    assert_regex "$stderr" "schema $id: /1/n: is not of type integer"
}

@test "a schema of one's own, without a registry" {
    printf '%s\n' '{"id":1}' '{"total":1}' | produce "$TOPIC"
    printf '%s' "$SCHEMA" >order.json
    run -65 --separate-stderr kconsume -t "$TOPIC" --once --json-schema order.json --envelope value
    assert_output '{"id":1}'
    assert_regex "$stderr" "$TOPIC\[0\]@1: .*lacks 'id', which is required"
    run -0 --separate-stderr kconsume -q -t "$TOPIC" --once --json-schema order.json --bad-data skip --envelope value
    assert_output '{"id":1}'
    echo '{"type":"strin"}' >order.json
    run -78 --separate-stderr kconsume -t "$TOPIC" --once --json-schema order.json
    assert_regex "$stderr" "kconsume: --json-schema: type: 'strin' is none"
}

@test "a schema is learned from a run, and the next one is held against it" {
    printf '%s\n' '{"id":1,"total":2}' '{"id":2,"total":2.5,"note":null}' | produce "$TOPIC"
    run -0 --separate-stderr kconsume -q -t "$TOPIC" --once --json-schema learn:learned.json --envelope value
    assert_equal "${#lines[@]}" 2
    assert_equal "$(jq -c '[.required, .properties.id.type, .properties.total.type, .properties.note.type]' learned.json)" \
        '[["id","total"],"integer","number","null"]'
    printf '%s\n' '{"id":3,"total":1}' '{"id":"4","total":1}' | produce "$TOPIC"
    run -65 --separate-stderr kconsume -t "$TOPIC" --once --from 2 -p 0 --json-schema learned.json --envelope value
    assert_output '{"id":3,"total":1}'
    assert_regex "$stderr" "$TOPIC\[0\]@3: .*/id: is not of type integer"
}
