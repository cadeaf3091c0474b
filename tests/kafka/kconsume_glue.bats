#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AWS Glue: records by AWS's own serializers, schemas from a Glue that moto plays, behind a front that checks signatures by
# AWS's own code, which moto does not.

bats_require_minimum_version 1.5.0
load ../support/common
load ../../packaging/lib/common
load ../../packaging/lib/servers
load registry

setup_file() {
    glue_start "$BATS_FILE_TMPDIR"
    front_start "$BATS_FILE_TMPDIR" "$GLUE_URL" --sigv4 eu-west-1
    export GLUE_TOPIC
    GLUE_TOPIC=$(unique glue)
    local format kinds=()
    for format in AVRO JSON PROTOBUF; do
        kadmin create-topic "${GLUE_TOPIC}_${format,,}" 1
        kinds+=("$format:NONE:${GLUE_TOPIC}_${format,,}" "$format:ZLIB:${GLUE_TOPIC}_${format,,}")
    done
    protoc -I "$KPIPE_TOP/tests/support/proto" --include_imports --descriptor_set_out="$BATS_FILE_TMPDIR/shop.desc" shop/item.proto
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$KPIPE_DEPS/glue-serde/classes:$KAFKA_HOME/libs/kafka-clients-4.3.0.jar:$KPIPE_DEPS/glue-serde/libs/*" \
        GlueProducer "$KAFKA_BOOTSTRAP" "$GLUE_URL" "$BATS_FILE_TMPDIR/shop.desc" 100 "${kinds[@]}" >"$BATS_FILE_TMPDIR/java.log" 2>&1 || {
        tail -30 "$BATS_FILE_TMPDIR/java.log" >&2
        return 1
    }
}

teardown_file() {
    front_stop "$BATS_FILE_TMPDIR"
    glue_stop "$BATS_FILE_TMPDIR"
}

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP KPIPE_AWS_GLUE_ENDPOINT=$FRONT_URL
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD
    front "$BATS_FILE_TMPDIR" /forget '{}'
}

read_all() { # STATUS KIND [OPTION...]
    run "$1" --separate-stderr kconsume -t "${GLUE_TOPIC}_$2" --once --registry glue --envelope value "${@:3}"
}

# orders: what GlueProducer writes twice, packed and not.
orders() {
    jq -nc '("ünïcode " * 10) as $note | (range(100), range(100)) | {id: ., note: (if . % 2 == 0 then null else $note end)}'
}

@test "Avro, packed and not, its schema fetched once" {
    read_all -0 avro -f avro
    assert_equal "$stderr" ''
    assert_output "$(orders)"
    run -0 front "$BATS_FILE_TMPDIR" /hits
    assert_equal "${#lines[@]}" 1
    assert_regex "$output" '^200 POST AWSGlue.GetSchemaVersion \{"SchemaVersionId":"[0-9a-f-]{36}"\}$'
}

@test "JSON, packed and not, validated and not" {
    read_all -0 json -f json-schema
    assert_output "$(orders)"
    run -0 front "$BATS_FILE_TMPDIR" /hits
    assert_output ''
    read_all -0 json -f json-schema --validate
    assert_output "$(orders)"
}

@test "Protobuf, packed and not" {
    read_all -0 protobuf -f protobuf
    assert_equal "$stderr" ''
    assert_output "$(jq -nc '(range(100), range(100)) | {sku: "\(.)"}')"
}

@test "what Glue does not know is bad data, and what it is not is said" {
    new_topic 1
    printf '\3\0ABCDEFGHIJKLMNOP\52' >payload
    kcat -q -b "$KAFKA_BOOTSTRAP" -P -t "$TOPIC" payload
    run -65 --separate-stderr kconsume -t "$TOPIC" --once --registry glue -f avro
    assert_regex "$stderr" "$TOPIC\[0\]@0: .*schema 41424344-4546-4748-494a-4b4c4d4e4f50: is unknown to the registry \(EntityNotFoundException: .*\)"
    read_all -65 json -f avro
    assert_regex "$stderr" 'is JSON Schema'
}

@test "the latest version of a schema's name is the reader's" {
    local name=${GLUE_TOPIC}_reader
    glue_add "$name" AVRO <<<'{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"},{"name":"more","type":"int","default":7}]}' >/dev/null
    read_all -0 avro -f avro --value-subject "$name" -X aws.glue.registry.name=kpipe -c 2
    assert_output $'{"id":0,"more":7}\n{"id":1,"more":7}'
}

@test "credentials and region come from where AWS's clients look for them; refused ones end the run" {
    mkdir .aws
    printf '[other]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >.aws/credentials
    unset AWS_ACCESS_KEY_ID AWS_REGION
    read_all -0 avro -f avro -X aws.profile=other -X aws.region=eu-west-1 -c 1
    read_all -77 avro -f avro -X aws.profile=other -X aws.region=us-east-1
    assert_regex "$stderr" 'AWS Glue: .*InvalidSignatureException: .*It takes the right glue:GetSchemaVersion'
    AWS_SECRET_ACCESS_KEY=hush AWS_ACCESS_KEY_ID=AKIDEXAMPLE read_all -77 avro -f avro -X aws.region=eu-west-1
    refute_regex "$stderr" hush
    read_all -78 avro -f avro -X aws.profile=other
    assert_regex "$stderr" 'aws.region: '
    read_all -78 avro -f avro -X aws.region=eu-west-1
    assert_regex "$stderr" 'schema registry: .*credentials'
}

@test "throttling and an outage are waited for" {
    front "$BATS_FILE_TMPDIR" /fault '{"status":400,"count":2,"body":"{\"__type\":\"ThrottlingException\",\"Message\":\"Rate exceeded\"}"}'
    read_all -0 avro -f avro -c 1
    assert_regex "$stderr" 'warning: schema registry: AWS Glue: .*ThrottlingException: Rate exceeded \(asking again; records wait\)'
    assert_output '{"id":0,"note":null}'
    front "$BATS_FILE_TMPDIR" /down '{}'
    read_all -69 avro -f avro --timeout 1s
    front "$BATS_FILE_TMPDIR" /up '{}'
}
