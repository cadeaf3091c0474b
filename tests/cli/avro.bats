#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Avro without Kafka, against fastavro: see tests/support/avro_differential.py.

bats_require_minimum_version 1.5.0
load ../support/common

@test "random Avro data of random schemas reads as fastavro reads it" {
    run -0 "$KPIPE_PYTHON" "$KPIPE_TOP/tests/support/avro_differential.py" "$KPIPE_BIN/decode_payloads" --pairs 150
    assert_output --regexp '^seed [0-9]+: 11250 records, .*: 0 differences$'
}
