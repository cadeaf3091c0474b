// SPDX-License-Identifier: Apache-2.0
// The shapes of a line: what RecordEncoder writes, and that RecordDecoder reads it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/wire/record.hpp"
#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

const std::vector<RecordHeader> kHeaders{{"h", "v"}, {"none", std::nullopt}};

KafkaRecord census(std::optional<std::string_view> value) {
  KafkaRecord record;
  record.topic = "census";
  record.partition = 2;
  record.offset = 6;
  record.timestamp_ms = 1693396630163;
  record.timestamp_type = TimestampType::create;
  record.key = "bees";
  record.value = value;
  return record;
}

std::string encode(LineShape shape, const KafkaRecord& record,
                   ValueFormat format = ValueFormat::json) {
  RecordEncoder encoder(std::move(shape), make_payload(ValueFormat::string), make_payload(format));
  OutBuffer out;
  EXPECT_EQ(encoder.encode(record, out), Decoded::ok);
  EXPECT_TRUE(out.view().ends_with('\n'));
  return std::string(out.view().substr(0, out.size() - 1));
}

TEST(WireEnvelope, value_is_the_value_alone) {
  const LineShape shape{.envelope = Envelope::value};
  EXPECT_EQ(encode(shape, census(R"({"a":1.50})")), R"({"a":1.50})");
  EXPECT_EQ(encode(shape, census(std::nullopt)), "null");
  EXPECT_EQ(encode(shape, census("x\ny"), ValueFormat::string), R"("x\ny")");
}

TEST(WireEnvelope, nested_has_data_beside_metadata) {
  const LineShape shape{.envelope = Envelope::nested};
  EXPECT_EQ(encode(shape, census(R"({"count":23})")),
            R"({"data":{"count":23},"metadata":{"key":"bees","partition":2,"offset":6,)"
            R"("time":1693396630163,"topic":"census","headers":[]}})");
  KafkaRecord record = census(std::nullopt);
  record.generation = 3;
  record.headers = &kHeaders;
  EXPECT_EQ(encode(shape, record),
            R"({"data":null,"metadata":{"key":"bees","partition":2,"offset":6,"gen":3,)"
            R"("time":1693396630163,"topic":"census",)"
            R"("headers":[{"key":"h","value":"v"},{"key":"none","value":null}]}})");
}

TEST(WireEnvelope, prefixed_has_the_values_fields_first) {
  const LineShape shape{.envelope = Envelope::prefixed};
  const std::string metadata =
      R"("_kafka_topic":"census","_kafka_partition":2,"_kafka_offset":6,)"
      R"("_kafka_timestamp":1693396630163,"_kafka_key":"bees","_kafka_headers":[]})";
  EXPECT_EQ(encode(shape, census(R"({"id":1,"message":"m"})")),
            R"({"id":1,"message":"m",)" + metadata);
  EXPECT_EQ(encode(shape, census(" {\"id\":1 } \n")), R"( {"id":1 ,)" + metadata);
  EXPECT_EQ(encode(shape, census("{ }")), "{ " + metadata);
  EXPECT_EQ(encode(shape, census("{}")), "{" + metadata);
  EXPECT_EQ(encode(shape, census("[1]")), R"({"value":[1],)" + metadata);
  EXPECT_EQ(encode(shape, census(std::nullopt)), R"({"value":null,)" + metadata);
  EXPECT_EQ(encode(shape, census("{}"), ValueFormat::string), R"({"value":"{}",)" + metadata);
  EXPECT_EQ(encode(shape, census("{}"), ValueFormat::raw),
            R"({"value":{"base64":"e30="},)" + metadata)
      << "our way of writing bytes is no field of the producer's";
}

TEST(WireEnvelope, kcat_as_kcat_prints_it) {
  const LineShape shape{.envelope = Envelope::kcat};
  KafkaRecord record = census(R"({"a":1})");
  EXPECT_EQ(encode(shape, record),
            R"({"topic":"census","partition":2,"offset":6,"tstype":"create","ts":1693396630163,)"
            R"("key":"bees","payload":{"a":1}})");
  record.headers = &kHeaders;
  record.broker = 1;
  record.timestamp_type = TimestampType::log_append;
  EXPECT_EQ(encode(shape, record),
            R"({"topic":"census","partition":2,"offset":6,"tstype":"logappend",)"
            R"("ts":1693396630163,"broker":1,"headers":["h","v","none",null],"key":"bees",)"
            R"("payload":{"a":1}})");
}

TEST(WireEnvelope, timestamps_as_text) {
  const auto shown = [](std::int64_t ms) {
    KafkaRecord record = census("1");
    record.timestamp_ms = ms;
    const std::string line = encode({.rfc3339 = true}, record);
    const std::size_t begin = line.find("\"timestamp\":") + 12;
    return line.substr(begin, line.find(",\"key\"") - begin);
  };
  EXPECT_EQ(shown(1693396630163), R"("2023-08-30T11:57:10.163Z")");
  EXPECT_EQ(shown(0), R"("1970-01-01T00:00:00.000Z")");
  EXPECT_EQ(shown(-1), R"("1969-12-31T23:59:59.999Z")");
  EXPECT_EQ(shown(951'782'400'000), R"("2000-02-29T00:00:00.000Z")");
  EXPECT_EQ(shown(-62'135'596'800'000), R"("0001-01-01T00:00:00.000Z")");
  EXPECT_EQ(shown(253'402'300'799'999), R"("9999-12-31T23:59:59.999Z")");
  EXPECT_EQ(shown(253'402'300'800'000), "253402300800000") << "RFC 3339 has no year 10000";
  EXPECT_EQ(shown(INT64_MIN), "-9223372036854775808");
}

TEST(WireEnvelope, a_prefix_stands_before_the_topic_in_every_shape) {
  for (const Envelope envelope :
       {Envelope::record, Envelope::nested, Envelope::prefixed, Envelope::kcat}) {
    const std::string line =
        encode({.envelope = envelope, .topic_prefix = "ext."}, census(R"({"topic":"mine"})"));
    EXPECT_NE(line.find(R"("ext.census")"), std::string::npos) << line;
  }
}

TEST(WireEnvelope, sinks_read_all_that_say_where_they_come_from) {
  RecordDecoder decoder;
  KafkaRecord record = census(R"({"offset":"mine","topic":7,"metadata":{"offset":1}})");
  record.generation = 4;
  record.headers = &kHeaders;
  for (const bool rfc3339 : {false, true}) {
    for (const Envelope envelope :
         {Envelope::record, Envelope::nested, Envelope::prefixed, Envelope::kcat}) {
      const std::string line = encode({.envelope = envelope, .rfc3339 = rfc3339}, record);
      const unit::Padded padded(line);
      Record read;
      ASSERT_EQ(decoder.decode(padded.view(), read), "") << line;
      EXPECT_EQ(read.topic, "census");
      EXPECT_EQ(read.partition, 2);
      EXPECT_EQ(read.offset, 6);
      EXPECT_EQ(read.generation, 4);
      EXPECT_EQ(read.timestamp_ms, 1693396630163);
      EXPECT_EQ(read.key.raw, "\"bees\"");
      EXPECT_EQ(read.headers.kind, JsonKind::array);
      EXPECT_EQ(read.value.raw, envelope == Envelope::prefixed ? line : record.value);
    }
  }
}

TEST(WireEnvelope, spaces_around_a_prefixed_line_are_not_of_its_value) {
  const std::string line = R"({"_kafka_topic":"t","_kafka_partition":0,"_kafka_offset":5,"a":1})";
  RecordDecoder decoder;
  Record read;
  const unit::Padded padded(" \t" + line + " \r");
  ASSERT_EQ(decoder.decode(padded.view(), read), "");
  EXPECT_EQ(read.value.raw, line);
}

TEST(WireEnvelope, a_line_without_origin_is_refused) {
  RecordDecoder decoder;
  Record read;
  for (const auto& [line, reason] : std::vector<std::pair<std::string, std::string_view>>{
           {R"({"data":{},"metadata":{"topic":"t","partition":0}})", "no \"offset\""},
           {R"({"data":{},"metadata":[]})", "\"metadata\" is not an object"},
           {R"({"metadata":{"topic":"t","partition":0,"offset":1}})", "no \"value\""},
           {R"({"_kafka_offset":1,"_kafka_partition":0})", "no \"topic\""},
           {R"({"id":1})", "no \"topic\""}}) {
    const unit::Padded padded(line);
    EXPECT_EQ(decoder.decode(padded.view(), read), reason) << line;
  }
}

TEST(WireEnvelope, keys_have_a_format_of_their_own) {
  RecordEncoder encoder({}, make_payload(ValueFormat::json), make_payload(ValueFormat::raw));
  OutBuffer out;
  KafkaRecord record = census("v");
  record.key = R"({"id":1})";
  ASSERT_EQ(encoder.encode(record, out), Decoded::ok);
  EXPECT_NE(out.view().find(R"("key":{"id":1},)"), std::string_view::npos) << out.view();
  record.key = "bees";
  ASSERT_EQ(encoder.encode(record, out), Decoded::bad);
  EXPECT_EQ(encoder.bad_part(), "key");
  EXPECT_EQ(encoder.reason(), "is not valid JSON");
}

std::string unwrapped(const std::string& text, bool optional = false) {
  UnwrapPayload payload(make_payload(ValueFormat::json), optional);
  OutBuffer out;
  out.append("before");
  if (payload.decode("t", text, out) != Decoded::ok) return payload.reason();
  return std::string(out.view().substr(6));
}

TEST(WirePayload, connects_schema_is_taken_off) {
  EXPECT_EQ(unwrapped(R"({"schema":{"type":"struct"},"payload":{"a":1.0}})"), R"({"a":1.0})");
  EXPECT_EQ(unwrapped(R"({ "payload" : null , "schema" : null })"), "null");
  EXPECT_EQ(unwrapped(R"({"schema":null,"payload":"x"})"), "\"x\"");
  EXPECT_EQ(unwrapped(R"({"\u0073chema":1,"payload":[{"payload":2}]})"), R"([{"payload":2}])");
}

TEST(WirePayload, what_is_not_wrapped_is_said) {
  const std::string reason = R"(is not Connect's {"schema":...,"payload":...})";
  for (const char* text : {"1", "{}", R"({"schema":1})", R"({"payload":1})",
                           R"({"schema":1,"payload":2,"more":3})", R"([{"schema":1,"payload":2}])"})
    EXPECT_EQ(unwrapped(text), reason) << text;
  EXPECT_EQ(unwrapped("{"), "is not valid JSON");
  EXPECT_EQ(unwrapped("1", true), "1");
  EXPECT_EQ(unwrapped(R"({"schema":1,"payload":2})", true), "2");
}

}  // namespace
}  // namespace kpipe
