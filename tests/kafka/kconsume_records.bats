#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The record line of kconsume, for every shape that a record can have. Records are made by kadmin (Python).
# shellcheck disable=SC2030,SC2031,SC2154  # bats runs each test in a subshell, and sets status and stderr there

bats_require_minimum_version 1.5.0
load ../support/common

setup() {
  export KPIPE_BOOTSTRAP_SERVERS=$KAFKA_BOOTSTRAP
  cd "$BATS_TEST_TMPDIR" || return 1
  new_topic 1
}

# send LINE...: one record each, in the notation of `kadmin produce`.
send() { printf '%s\n' "$@" | kadmin produce "$TOPIC"; }

# read_topic [option...]: into the file out, with nothing on stderr.
read_topic() {
  kconsume -t "$TOPIC" --once "$@" >out 2>err
  [[ ! -s err ]] || {
    cat err
    return 1
  }
}

# field FILTER: of each line, as JSON.
field() { jq -c "$1" out; }

@test "fields and their order, byte for byte" {
  send '{"key":"k1","value":"{\"a\": 1.0}","headers":[["h","v"]],"timestamp":1795246448656}' \
    '{"value":"{}","timestamp":1}'
  read_topic
  cat >expected <<END
{"topic":"$TOPIC","partition":0,"offset":0,"timestamp":1795246448656,"key":"k1","headers":[{"key":"h","value":"v"}],"value":{"a": 1.0}}
{"topic":"$TOPIC","partition":0,"offset":1,"timestamp":1,"key":null,"headers":[],"value":{}}
END
  diff expected out
}

@test "keys: null, empty, text, emoji, quotes and control characters, bytes" {
  send '{"value":"1"}' '{"key":"","value":"1"}' '{"key":"N14228","value":"1"}' '{"key":"naïve 🐘","value":"1"}' \
    '{"key":"a\"b\\c\n\u0001\u0000","value":"1"}' '{"key":{"base64":"/wD+"},"value":"1"}'
  read_topic
  assert_equal "$(field .key | paste -sd' ')" 'null "" "N14228" "naïve 🐘" "a\"b\\c\n\u0001\u0000" {"base64":"/wD+"}'
}

@test "headers: order and duplicates are kept; null, empty and binary values" {
  send '{"value":"1","headers":[["b","1"],["a","2"],["b","3"],["n",null],["e",""],["x",{"base64":"wCg="}],["é\"","ü"]]}'
  read_topic
  assert_equal "$(field .headers)" '[{"key":"b","value":"1"},{"key":"a","value":"2"},{"key":"b","value":"3"},{"key":"n","value":null},{"key":"e","value":""},{"key":"x","value":{"base64":"wCg="}},{"key":"é\"","value":"ü"}]'
}

@test "a tombstone is null in every format" {
  send '{"key":"k"}'
  local format
  for format in json string raw; do
    read_topic -f "$format"
    assert_equal "$(field '[.key, .value]')" '["k",null]'
  done
}

@test "json: numbers keep their digits, strings their escapes; a line break between tokens becomes a space" {
  send '{"value":"{\n\"n\": 123456789012345678901234567890.10,\r\n\"e\": 1E+400, \"s\": \"\\u00e9\\n\\u0000 \ud83d\ude00\"\n}"}' \
    '{"value":"[1,\n\n2]"}' '{"value":" \"text\" "}' '{"value":"-0"}' '{"value":"null"}'
  read_topic
  assert_equal "$(wc -l <out)" 5
  sed 's/.*"value"://; s/}$//' out >values
  printf '%s\n' '{ "n": 123456789012345678901234567890.10,  "e": 1E+400, "s": "\u00e9\n\u0000 😀" }' '[1,  2]' ' "text" ' \
    '-0' 'null' | diff - values
}

@test "string: any text, and base64 for what is not UTF-8" {
  send '{"value":""}' '{"value":"not {json"}' '{"value":"NUL \u0000 tab \t \u001b quote \" back \\ line\nend 🐘"}' \
    '{"value":{"base64":"gIGC"}}' '{"value":{"base64":"7aCA"}}'
  read_topic -f string
  assert_equal "$(field .value | paste -sd' ')" '"" "not {json" "NUL \u0000 tab \t \u001b quote \" back \\ line\nend 🐘" {"base64":"gIGC"} {"base64":"7aCA"}'
  assert_equal "$(wc -l <out)" 5
}

@test "raw: any bytes as base64" {
  send '{"value":""}' '{"value":"a"}' '{"value":{"base64":"AP8A/w=="}}'
  read_topic -f raw
  assert_equal "$(field .value.base64 | paste -sd' ')" '"" "YQ==" "AP8A/w=="'
}

@test "values of 1 MB in each format, between small ones" {
  new_topic 1 max.message.bytes=3000000
  "$KPIPE_PYTHON" - >payloads <<'PYTHON'
import json
for text in ("x", "é\n" * 300_000, "y"):
    print(json.dumps(text, ensure_ascii=False))
PYTHON
  assert_equal "$(wc -c <payloads)" 1200011
  produce "$TOPIC" -X message.max.bytes=3000000 <payloads
  read_topic
  jq -c .value out | diff - payloads
  read_topic -f string
  jq -r .value out | diff - payloads
  read_topic -f raw
  jq -r '.value.base64 | @base64d' out | diff - payloads
}

@test "timestamps: those of the producer, and those of the broker" {
  new_topic 1 message.timestamp.after.max.ms=9223372036854775807
  send '{"value":"1","timestamp":1}' '{"value":"1","timestamp":4102444800000}'
  read_topic
  assert_equal "$(field .timestamp | paste -sd' ')" '1 4102444800000'
  new_topic 1 message.timestamp.type=LogAppendTime
  local before after
  before=$(date +%s%3N)
  send '{"value":"1","timestamp":5}'
  after=$(date +%s%3N)
  read_topic
  local stamp
  stamp=$(field .timestamp)
  ((before <= stamp && stamp <= after)) || fail "timestamp $stamp, produced between $before and $after"
}

@test "every compression that Kafka knows" {
  local codec n=0
  for codec in none gzip snappy lz4 zstd; do
    seq 1 50 | produce "$TOPIC" -z "$codec"
    ((n += 50))
  done
  read_topic
  assert_equal "$(field .value | sort -n | uniq -c | awk '{ print $1 }' | sort -u)" 5
  assert_equal "$(wc -l <out)" "$n"
}
