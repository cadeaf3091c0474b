#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Protobuf end to end: other people's serializers, a real registry, a real Kafka; the records compared value by value
# with what Google's Python library makes of them.

bats_require_minimum_version 1.5.0
load ../support/common
load pipeline
load ../../packaging/lib/common
load ../../packaging/lib/servers
load registry

PROTO=$KPIPE_TOP/tests/support/proto

setup_file() {
    registry_start "$BATS_FILE_TMPDIR/registry"
    protoc -I "$PROTO" --include_imports --descriptor_set_out="$BATS_FILE_TMPDIR/shop.desc" shop/order.proto
    protoc -I "$PROTO" --include_imports --descriptor_set_out="$BATS_FILE_TMPDIR/google.desc" google/protobuf/test_messages_proto{2,3}.proto
}

teardown_file() { registry_stop "$BATS_FILE_TMPDIR/registry"; }

setup() {
    export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
    cd "$BATS_TEST_TMPDIR" || return 1
    new_topic 1
    SHOP=$BATS_FILE_TMPDIR/shop.desc
    GOOGLE=$BATS_FILE_TMPDIR/google.desc
}

hand() { "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/protobuf_hand.py" "$@"; }

# compared COUNT [OPTION...]: kconsume reads that many records, all as expected.
compared() {
    kconsume -q -t "$TOPIC" --once --envelope value -f protobuf "${@:2}" >got
    run -0 hand compare expected got
    assert_output "$1 compared, 0 refused by both, 0 different"
}

@test "Confluent's serializer, descriptors in the registry, references, 30,000 records" {
    hand produce "$TOPIC" confluent "$SHOP" shop.Order 30000 "$RANDOM" expected
    compared 30000 --registry-url "$REGISTRY_URL"
    run -0 kconsume -q -t "$TOPIC" --once --from -1 -f protobuf --registry-url "$REGISTRY_URL" --message shop.Order
    run -65 --separate-stderr kconsume -q -t "$TOPIC" --once -f protobuf --registry-url "$REGISTRY_URL" --message shop.Item
    assert_regex "$stderr" "$TOPIC\[0\]@0: .*is a shop.Order, not a shop.Item"
    run -65 --separate-stderr kconsume -q -t "$TOPIC" --once -f avro --registry-url "$REGISTRY_URL"
    assert_regex "$stderr" "-f protobuf"
}

@test "nested messages, which the record names by indexes" {
    hand produce "$TOPIC" confluent "$SHOP" shop.Customer.Address 1000 "$RANDOM" expected
    compared 1000 --registry-url "$REGISTRY_URL"
}

@test "sources in the registry, as the serializers for Java and Go register them" {
    local subject=$TOPIC-item id
    registry_add "$subject" PROTOBUF <"$PROTO/shop/item.proto" >/dev/null
    id=$(registry_add "$TOPIC-value" PROTOBUF "[{\"name\":\"shop/item.proto\",\"subject\":\"$subject\",\"version\":1}]" <"$PROTO/shop/order.proto")
    hand produce "$TOPIC" "00$(printf %08x "$id")0202" "$SHOP" shop.Order 1000 "$RANDOM" expected # message [1]
    compared 1000 --registry-url "$REGISTRY_URL"
    hand produce "$TOPIC" "00$(printf %08x "$id")0206" "$SHOP" shop.Order 1 "$RANDOM" expected
    run -65 --separate-stderr kconsume -q -t "$TOPIC" --once -f protobuf --registry-url "$REGISTRY_URL"
    assert_regex "$stderr" "$TOPIC\[0\]@1000: .*schema $id: has no message \[3\]"
}

@test "bare messages by .proto sources, 40,000 records of Google's own test messages" {
    hand produce "$TOPIC" "" "$GOOGLE" protobuf_test_messages.proto3.TestAllTypesProto3 40000 "$RANDOM" all
    # Two Any in one message may become one that nobody can read.
    compared_readable all --proto "$PROTO/google/protobuf/test_messages_proto3.proto" --message protobuf_test_messages.proto3.TestAllTypesProto3
}

@test "bare messages by a descriptor set, 40,000 records of proto2" {
    hand produce "$TOPIC" "" "$GOOGLE" protobuf_test_messages.proto2.TestAllTypesProto2 40000 "$RANDOM" all
    compared_readable all --proto "$GOOGLE" --message protobuf_test_messages.proto2.TestAllTypesProto2
}

# compared_readable EXPECTED [OPTION...]: without those that both refuse.
compared_readable() {
    grep -v '^!' "$1" >expected || true
    local readable
    readable=$(wc -l <expected)
    ((readable > 39900))
    kconsume -q -t "$TOPIC" --once --envelope value --bad-data skip -f protobuf "${@:2}" >got 2>err
    run -0 hand compare expected got
    assert_output "$readable compared, 0 refused by both, 0 different"
}

@test "names as in the source, and a file that defines several messages" {
    hand produce "$TOPIC" "" "$SHOP" shop.Order 200 7 expected
    kconsume -q -t "$TOPIC" --once -f protobuf --proto-names --message shop.Order --proto "$PROTO/shop/order.proto" --proto-path "$PROTO" >got
    assert_equal "$(jq -n '[inputs.value | select(.big_number)] | length > 10' got)" true
    assert_equal "$(jq -n '[inputs.value | select(.bigNumber)] | length' got)" 0
    run -78 --separate-stderr kconsume -q -t "$TOPIC" --once -f protobuf --proto "$SHOP"
    assert_regex "$stderr" "--message is missing: the files define several: shop.Customer, shop.Order"
    run -78 --separate-stderr kconsume -q -t "$TOPIC" --once -f protobuf --proto "$SHOP" --message shop.Ordr
    assert_regex "$stderr" "Did you mean shop.Order\?"
    run -78 --separate-stderr kconsume -q -t "$TOPIC" --once -f protobuf --proto "$PROTO/shop/order.proto"
    assert_regex "$stderr" "order.proto:7:1: Import \"shop/item.proto\" was not found"
}
