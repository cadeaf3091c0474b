// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/wire/record.hpp"
#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

std::string encode(ValueFormat format, const KafkaRecord& record) {
  RecordEncoder encoder(format);
  OutBuffer out;
  out.append("before\n");
  if (encoder.encode(record, out) != Decoded::ok) {
    EXPECT_EQ(out.view(), "before\n") << "a refused record leaves nothing behind";
    return "refused";
  }
  return std::string(out.view().substr(7));
}

KafkaRecord orders(std::optional<std::string_view> value) {
  KafkaRecord record;
  record.topic = "orders";
  record.partition = 3;
  record.offset = 1042;
  record.timestamp_ms = 1795246448656;
  record.key = "k1";
  record.value = value;
  return record;
}

/// The line of orders(value) with `value` as its encoded value.
std::string orders_line(const std::string& value) {
  return R"({"topic":"orders","partition":3,"offset":1042,"timestamp":1795246448656,)"
         R"("key":"k1","headers":[],"value":)" +
         value + "}\n";
}

TEST(WireRecordEncode, all_fields_in_their_order) {
  const std::vector<RecordHeader> headers{{"h", "v"}, {"h", "w"}, {"none", std::nullopt}, {"", ""}};
  KafkaRecord record = orders(R"({"total":10.50})");
  record.generation = 2;
  record.headers = &headers;
  EXPECT_EQ(encode(ValueFormat::json, record),
            R"({"topic":"orders","partition":3,"offset":1042,"gen":2,"timestamp":1795246448656,)"
            R"("key":"k1","headers":[{"key":"h","value":"v"},{"key":"h","value":"w"},)"
            R"({"key":"none","value":null},{"key":"","value":""}],"value":{"total":10.50}})"
            "\n");
}

TEST(WireRecordEncode, absent_fields_are_null_and_generation_zero_is_silent) {
  KafkaRecord record;
  record.topic = "t";
  EXPECT_EQ(encode(ValueFormat::json, record),
            R"({"topic":"t","partition":0,"offset":0,"timestamp":null,"key":null,"headers":[],)"
            R"("value":null})"
            "\n");
  const std::vector<RecordHeader> none;
  record.headers = &none;
  record.key = "";
  record.timestamp_ms = -1;
  record.offset = INT64_MAX;
  record.partition = INT32_MAX;
  EXPECT_EQ(encode(ValueFormat::string, record),
            R"({"topic":"t","partition":2147483647,"offset":9223372036854775807,"timestamp":-1,)"
            R"("key":"","headers":[],"value":null})"
            "\n");
}

TEST(WireRecordEncode, a_tombstone_is_null_in_every_format) {
  for (const ValueFormat format : {ValueFormat::json, ValueFormat::string, ValueFormat::raw}) {
    EXPECT_EQ(encode(format, orders(std::nullopt)), orders_line("null"));
  }
}

TEST(WireRecordEncode, an_empty_value_is_no_tombstone) {
  EXPECT_EQ(encode(ValueFormat::json, orders("")), "refused") << "no bytes are no JSON text";
  EXPECT_EQ(encode(ValueFormat::string, orders("")), orders_line("\"\""));
  EXPECT_EQ(encode(ValueFormat::raw, orders("")), orders_line(R"({"base64":""})"));
}

TEST(WireRecordEncode, json_is_copied_digit_for_digit) {
  for (const char* value :
       {"null", "\"a\"", "1.10", "-0", "1e400", "123456789012345678901234567890",
        R"({"b":1,"a":[1.0,2],"b":3})", R"({ "x" :	1 })", R"("\u00e9\/")", "\"😀\""}) {
    EXPECT_EQ(encode(ValueFormat::json, orders(value)), orders_line(value));
  }
  EXPECT_EQ(encode(ValueFormat::json, orders("{\r\n\"a\":1\n}")), orders_line("{  \"a\":1 }"));
  for (const char* bad : {"{", "abc", "{\"a\":1}x", "\"\xFF\"", " "}) {
    EXPECT_EQ(encode(ValueFormat::json, orders(bad)), "refused") << bad;
  }
  EXPECT_EQ(encode(ValueFormat::json, orders(std::string_view("{}\0", 3))), "refused");
}

TEST(WireRecordEncode, text_is_escaped_and_bytes_are_base64) {
  const std::string_view binary("\x00\xff\x80", 3);
  EXPECT_EQ(encode(ValueFormat::string, orders("a\n\"😀\"")), orders_line(R"("a\n\"😀\"")"));
  EXPECT_EQ(encode(ValueFormat::string, orders(std::string_view("a\0b", 3))),
            orders_line(R"("a\u0000b")"));
  EXPECT_EQ(encode(ValueFormat::string, orders(binary)), orders_line(R"({"base64":"AP+A"})"));
  EXPECT_EQ(encode(ValueFormat::raw, orders(binary)), orders_line(R"({"base64":"AP+A"})"));
  EXPECT_EQ(encode(ValueFormat::raw, orders("{}")), orders_line(R"({"base64":"e30="})"));
}

TEST(WireRecordEncode, keys_and_headers_of_any_bytes) {
  const std::vector<RecordHeader> headers{{"\xFF", "\xFE"}, {"ü", "😀\n"}};
  KafkaRecord record = orders("1");
  record.key = std::string_view("\xc0\x80", 2);
  record.headers = &headers;
  EXPECT_EQ(encode(ValueFormat::json, record),
            R"({"topic":"orders","partition":3,"offset":1042,"timestamp":1795246448656,)"
            R"("key":{"base64":"wIA="},"headers":[{"key":{"base64":"/w=="},)"
            R"("value":{"base64":"/g=="}},{"key":"ü","value":"😀\n"}],"value":1})"
            "\n");
}

TEST(WireRecordEncode, a_megabyte_between_small_records) {
  const std::string text(1 << 20, 'm');
  RecordEncoder encoder(ValueFormat::json);
  OutBuffer out;
  ASSERT_EQ(encoder.encode(orders("1"), out), Decoded::ok);
  ASSERT_EQ(encoder.encode(orders("\"" + text + "\""), out), Decoded::ok);
  ASSERT_EQ(encoder.encode(orders("\"" + text), out), Decoded::bad);
  ASSERT_EQ(encoder.encode(orders("2"), out), Decoded::ok);
  EXPECT_TRUE(out.view() == orders_line("1") + orders_line("\"" + text + "\"") + orders_line("2"));
}

TEST(WireRecordEncode, what_is_written_can_be_read) {
  RecordDecoder decoder;
  const std::vector<RecordHeader> headers{{"h", "\xFF"}};
  KafkaRecord record = orders("\"x\"");
  record.generation = 7;
  record.headers = &headers;
  for (const ValueFormat format : {ValueFormat::json, ValueFormat::string, ValueFormat::raw}) {
    std::string line = encode(format, record);
    line.pop_back();
    const unit::Padded padded(line);
    Record read;
    ASSERT_EQ(decoder.decode(padded.view(), read), "");
    EXPECT_EQ(read.topic, "orders");
    EXPECT_EQ(read.partition, 3);
    EXPECT_EQ(read.offset, 1042);
    EXPECT_EQ(read.generation, 7);
    EXPECT_EQ(read.timestamp_ms, 1795246448656);
    EXPECT_EQ(read.key.raw, "\"k1\"");
    EXPECT_EQ(read.headers.raw, R"([{"key":"h","value":{"base64":"/w=="}}])");
    EXPECT_FALSE(read.value.is_null());
  }
}

}  // namespace
}  // namespace kpipe
