// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "common/wire/record.hpp"
#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

/// "topic[partition]@offset gen timestamp key headers value", or the reason of the refusal.
std::string decode(RecordDecoder& decoder, std::string_view line) {
  const unit::Padded padded(line);
  Record record;
  const std::string_view reason = decoder.decode(padded.view(), record);
  if (!reason.empty()) return "refused: " + std::string(reason);
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset) + " " + std::to_string(record.generation) + " " +
         (record.timestamp_ms ? std::to_string(*record.timestamp_ms) : "-") + " " +
         std::string(record.key.raw) + " " + std::string(record.headers.raw) + " " +
         std::string(record.value.raw);
}

TEST(WireRecordDecode, reads_our_own_shape) {
  RecordDecoder decoder;
  EXPECT_EQ(decode(decoder, R"({"topic":"orders","partition":3,"offset":1042,"timestamp":17,)"
                            R"("key":"k1","headers":[{"key":"h","value":"v"}],"value":{"a":1}})"),
            R"(orders[3]@1042 0 17 "k1" [{"key":"h","value":"v"}] {"a":1})");
  EXPECT_EQ(decode(decoder, R"({"topic":"t","partition":0,"offset":0,"gen":4,"timestamp":null,)"
                            R"("key":null,"headers":[],"value":null})"),
            "t[0]@0 4 - null [] null");
  EXPECT_EQ(decode(decoder, R"({"topic":"t","partition":0,"offset":9223372036854775806,)"
                            R"("value":1e400})"),
            "t[0]@9223372036854775806 0 - null null 1e400");
}

// A space more takes the way of foreign lines.
TEST(WireRecordDecode, reads_our_own_lines_as_it_reads_others) {
  RecordDecoder decoder;
  const std::vector<std::string> lines{
      R"({"topic":"t","partition":0,"offset":0,"timestamp":1,"key":null,"headers":[],"value":{}})",
      R"({"topic":"t","partition":2147483647,"offset":7,"gen":2,"timestamp":1,"key":"k\"","headers":[{"key":"h","value":null}],"value":[{"a":"}"}]})",
      R"({"topic":"t","partition":2147483648,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":1,"offset":9223372036854775807,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":1,"offset":999999999999999999,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":1,"offset":1000000000000000000,"timestamp":-1,"key":1,"headers":null,"value":1.5})",
      R"({"topic":"t","partition":01,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":1,"offset":7.0,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"","partition":1,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"tA","partition":1,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v"})",
      R"({"topic":"t","partition":1,"offset":7,"timestamp":1,"key":null,"headers":[],"value":"v","offset":9})",
      R"({"topic":"t","partition":1,"offset":7,"timestamp":1,"key":null,"headers":[],"value":null}})",
      R"({"topic":"t","partition":1,"offset":7,"timestamp":1,"key":null,"headers":[],"value":{"a":1}]})",
      R"({"topic":"t","partition":1,"offset":7,"timestamp":1,"key":nullx,"headers":[],"value":"v"})",
      "{\"topic\":\"t\",\"partition\":1,\"offset\":7,\"timestamp\":1,\"key\":\"\xff\",\"headers\":["
      "],"
      "\"value\":1}"};
  for (const std::string& line : lines) {
    for (std::size_t size = 0; size <= line.size(); ++size) {
      const std::string part = line.substr(0, size);
      const std::string foreign = size == 0 ? " " : "{ " + part.substr(1);
      EXPECT_EQ(decode(decoder, part), decode(decoder, foreign)) << part;
    }
  }
}

TEST(WireRecordDecode, order_and_more_fields_do_not_matter) {
  RecordDecoder decoder;
  EXPECT_EQ(decode(decoder, R"({"x":[{"topic":"no"}],"value":"v","offset":5,"n":{"offset":9},)"
                            R"("partition":1,"topic":"t"})"),
            R"(t[1]@5 0 - null null "v")");
  EXPECT_EQ(decode(decoder, R"({"t\u006fpic":"t","partition":1,"offset":5,"value":1})"),
            "t[1]@5 0 - null null 1");
}

TEST(WireRecordDecode, reads_kcat) {
  RecordDecoder decoder;
  EXPECT_EQ(decode(decoder, R"({"topic":"t","partition":0,"offset":12,"tstype":"create",)"
                            R"("ts":1700000000000,"broker":1,"headers":["a","1","a","2"],)"
                            R"("key":"k","payload":"text"})"),
            R"(t[0]@12 0 1700000000000 "k" ["a","1","a","2"] "text")");
  EXPECT_EQ(decode(decoder, R"({"topic":"t","partition":0,"offset":12,"tstype":"create",)"
                            R"("ts":1700000000000,"broker":1,"key":null,"payload":null})"),
            "t[0]@12 0 1700000000000 null null null");
}

TEST(WireRecordDecode, reads_rpk) {
  RecordDecoder decoder;
  EXPECT_EQ(decode(decoder, R"({"topic":"t","key":"k","value":"{\"a\":1}","headers":)"
                            R"([{"key":"h","value":"v"}],"timestamp":1700000000000,)"
                            R"("partition":2,"offset":7})"),
            R"(t[2]@7 0 1700000000000 "k" [{"key":"h","value":"v"}] "{\"a\":1}")");
}

TEST(WireRecordDecode, says_what_is_missing_or_wrong) {
  RecordDecoder decoder;
  const auto expect = [&](std::string_view line, std::string_view reason) {
    EXPECT_EQ(decode(decoder, line), "refused: " + std::string(reason)) << line;
  };
  expect("", "not a JSON object");
  expect("hello", "not a JSON object");
  expect("[1]", "not a JSON object");
  expect(R"({"topic":"t")", "not a JSON object");
  expect(R"({"topic":"t","partition":0,"offset":1,"value":1} {})", "not a JSON object");
  expect("{}", "no \"topic\"");
  expect(R"({"partition":0,"offset":1,"value":1})", "no \"topic\"");
  expect(R"({"topic":"t","offset":1,"value":1})", "no \"partition\"");
  expect(R"({"topic":"t","partition":0,"value":1})", "no \"offset\"");
  expect(R"({"topic":"t","partition":0,"offset":1})", "no \"value\"");
  expect(R"({"topic":"","partition":0,"offset":1,"value":1})", "\"topic\" is not a topic name");
  expect(R"({"topic":7,"partition":0,"offset":1,"value":1})", "\"topic\" is not a topic name");
  expect(R"({"topic":"a\tb","partition":0,"offset":1,"value":1})", "\"topic\" is not a topic name");
  for (const char* bad : {"-1", "2147483648", "4294967296", "1.5", "\"0\"", "null", "1e2"}) {
    expect(R"({"topic":"t","partition":)" + std::string(bad) + R"(,"offset":1,"value":1})",
           "\"partition\" is not a partition number");
  }
  for (const char* bad :
       {"-1", "9223372036854775807", "9223372036854775808", "1.0", "\"1\"", "null", "1e3"}) {
    expect(R"({"topic":"t","partition":0,"offset":)" + std::string(bad) + R"(,"value":1})",
           "\"offset\" is not an offset");
  }
  for (const char* bad : {"-1", "1.5", "\"1\"", "null", "9223372036854775808"}) {
    expect(R"({"topic":"t","partition":0,"offset":1,"gen":)" + std::string(bad) + R"(,"value":1})",
           "\"gen\" is not a generation");
  }
}

TEST(WireRecordDecode, a_refused_line_leaves_nothing_for_the_next) {
  RecordDecoder decoder;
  EXPECT_EQ(
      decode(decoder, R"({"topic":"t","partition":9,"offset":9,"gen":9,"timestamp":9,"key":9)"),
      "refused: not a JSON object");
  EXPECT_EQ(decode(decoder, R"({"topic":"u","partition":1,"offset":2,"value":3})"),
            "u[1]@2 0 - null null 3");
}

TEST(WireRecordDecode, a_megabyte_of_value) {
  RecordDecoder decoder;
  const std::string text = "\"" + std::string(1 << 20, 'v') + "\"";
  EXPECT_TRUE(decode(decoder, R"({"topic":"t","partition":0,"offset":1,"value":)" + text + "}") ==
              "t[0]@1 0 - null null " + text);
}

TEST(WireRecordDecode, survives_damage) {
  RecordDecoder decoder;
  std::mt19937 random(29);
  const std::string line =
      R"({"topic":"t","partition":0,"offset":5,"gen":1,"timestamp":1,"key":"k","headers":[],)"
      R"("value":{"a":[1,"x"]}})";
  for (int round = 0; round < 100'000; ++round) {
    std::string text = line.substr(0, random() % 4 == 0 ? random() % line.size() : line.size());
    for (unsigned changes = random() % 4; changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    const unit::Padded padded(text);
    Record record;
    if (decoder.decode(padded.view(), record).empty()) {
      ASSERT_FALSE(record.topic.empty());
      ASSERT_GE(record.partition, 0);
      ASSERT_GE(record.offset, 0);
      ASSERT_GE(record.generation, 0);
    }
  }
}

}  // namespace
}  // namespace kpipe
