#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Protobuf without Kafka, against Google's own Python library, on the messages that Google tests its parsers with
# (tests/support/proto, of protobuf 3.21.12, BSD): see tests/support/protobuf_hand.py.

bats_require_minimum_version 1.5.0
load ../support/common

hand() { "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/protobuf_hand.py" "$@"; }

# compared MESSAGE COUNT [OPTION...]: so many random messages are the same both ways.
compared() {
    local seed=${SEED:-$RANDOM} set=$BATS_TEST_TMPDIR/set.desc
    echo "SEED=$seed"
    protoc -I "$KPIPE_TOP/tests/support/proto" --include_imports --descriptor_set_out="$set" \
        google/protobuf/test_messages_proto{2,3}.proto
    hand make "$set" "$1" "$2" "$seed" "$BATS_TEST_TMPDIR/payloads" "$BATS_TEST_TMPDIR/expected"
    "$KPIPE_BIN/decode_payloads" --format protobuf --message "$1" "${@:3}" <"$BATS_TEST_TMPDIR/payloads" >"$BATS_TEST_TMPDIR/got" 2>"$BATS_TEST_TMPDIR/stderr"
    # Two Any in one message become one with the bytes of the other's type, which may be any field.
    run ! grep -vE 'warning: google\.protobuf\.[A-Za-z0-9]+: field [0-9]+ is not in the schema: ' "$BATS_TEST_TMPDIR/stderr"
    run -0 hand compare "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/got"
    assert_output --regexp "^$2 compared, [0-9]{1,2} refused by both, 0 different$"
}

@test "random proto3 messages, by .proto sources, are what Google's library makes of them" {
    local proto=$KPIPE_TOP/tests/support/proto
    compared protobuf_test_messages.proto3.TestAllTypesProto3 10000 --proto "$proto/google/protobuf/test_messages_proto3.proto"
}

@test "random proto2 messages, by a descriptor set, are what Google's library makes of them" {
    compared protobuf_test_messages.proto2.TestAllTypesProto2 10000 --proto "$BATS_TEST_TMPDIR/set.desc"
}
