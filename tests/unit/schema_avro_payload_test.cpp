// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_payload.hpp"

#include <gtest/gtest.h>

#include <map>

#include "common/base/error.hpp"
#include "tests/unit/schema_avro.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;
using namespace test;

/// Answers what it was told to, and counts.
class FakeRegistry final : public SchemaRegistry {
 public:
  SchemaAnswer schema(const SchemaId& id) override {
    ++asked;
    const auto found = schemas.find(id);
    return found == schemas.end() ? SchemaAnswer{} : found->second;
  }
  SchemaAnswer latest(const std::string& subject) override {
    const auto found = subjects.find(subject);
    return found == subjects.end() ? SchemaAnswer{} : found->second;
  }
  int event_fd() const noexcept override { return -1; }
  void clear_event() noexcept override {}

  static SchemaAnswer has(const std::string& text, SchemaType type = SchemaType::avro,
                          std::vector<ReferencedSchema> references = {}) {
    auto schema = std::make_shared<RegisteredSchema>();
    schema->type = type;
    schema->text = text;
    schema->references = std::move(references);
    return {SchemaAnswer::State::ready, std::move(schema), ""};
  }
  static SchemaAnswer lacks() { return {SchemaAnswer::State::missing, nullptr, "has none"}; }

  std::map<SchemaId, SchemaAnswer> schemas;
  std::map<std::string, SchemaAnswer> subjects;
  int asked = 0;
};

SchemaId number(std::uint32_t id) {
  return {id, {}, false};
}

std::string framed(char id, const std::string& payload) {
  return "\0\0\0\0"s + id + payload;
}

std::string decoded(PayloadDecoder& decoder, const std::string& bytes,
                    const std::string& topic = "t") {
  OutBuffer out;
  switch (decoder.decode(topic, bytes, out)) {
    case Decoded::ok:
      return std::string(out.view());
    case Decoded::waiting:
      return "waiting";
    case Decoded::bad:
      break;
  }
  return "!" + decoder.reason() + "|" + decoder.remedy();
}

std::unique_ptr<PayloadDecoder> confluent(FakeRegistry& registry, const std::string& schema = "",
                                          const std::string& subject = "") {
  AvroPayloadOptions options;
  options.framing = Framing::confluent;
  options.registry = &registry;
  options.schema = schema;
  options.reader_subject = subject;
  return make_avro_payload(options);
}

TEST(AvroPayload, BytesAloneHaveNoLengthBehindConfluentsFrame) {
  FakeRegistry registry;
  registry.schemas[number(1)] = FakeRegistry::has("\"bytes\"");
  registry.schemas[number(2)] = FakeRegistry::has(R"(["null","bytes"])");
  const auto payload = confluent(registry);
  EXPECT_EQ(decoded(*payload, framed(1, "\x04\x00\xff"s)), R"({"base64":"BAD/"})");
  EXPECT_EQ(decoded(*payload, framed(1, "")), R"({"base64":""})");
  const std::string long_one(200, 'x');
  EXPECT_EQ(decoded(*payload, framed(1, long_one)).size(),
            std::string(R"({"base64":""})").size() + 268);
  EXPECT_EQ(decoded(*payload, framed(2, "\x02\x04\x00\xff"s)), R"({"base64":"AP8="})");
}

TEST(AvroPayload, LocalSchema) {
  AvroPayloadOptions options;
  options.schema = "\"string\"";
  const auto decoder = make_avro_payload(options);
  EXPECT_EQ(decoded(*decoder, avro_bytes("a")), "\"a\"");
  EXPECT_EQ(decoded(*decoder, "\6a"), "!ends inside the value|");
  EXPECT_EQ(decoded(*decoder, framed(7, avro_bytes("a"))),
            "!6 bytes are left over behind the value (looks like Confluent's wire format, schema "
            "7)|");
  options.schema = "\"strnig\"";
  try {
    make_avro_payload(options);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::config);
    EXPECT_STREQ(error.what(), "Avro schema: there is no type \"strnig\"");
  }
}

TEST(AvroPayload, SingleObjectEncoding) {
  AvroPayloadOptions options;
  options.schema = "\"int\"";
  const auto decoder = make_avro_payload(options);
  // The specification's fingerprint of "int" is 7275d51a3f395c8f.
  const std::string header = "\xC3\x01\x8f\x5c\x39\x3f\x1a\xd5\x75\x72";
  EXPECT_EQ(decoded(*decoder, header + avro_long(5)), "5");
  EXPECT_EQ(decoded(*decoder, header), "!ends inside the value|");
  EXPECT_EQ(decoded(*decoder, "\xC3\x01\x01\x02\x03\x04\x05\x06\x07\x08\x02"),
            "!9 bytes are left over behind the value (looks like single-object encoding of another "
            "schema, fingerprint 0807060504030201)|");
  // A datum may begin with the marker, too.
  EXPECT_EQ(decoded(*decoder, "\xC3\x01"), "-98");
  options.schema = R"({"type":"fixed","name":"F","size":11})";
  EXPECT_EQ(decoded(*make_avro_payload(options), header + "x"), R"({"base64":"wwGPXDk/GtV1cng="})");
}

TEST(AvroPayload, ObjectContainers) {
  const AvroContainerText text;
  const auto plain = make_avro_payload({});
  EXPECT_EQ(decoded(*plain, text.header() + text.block(1, avro_long(5))), "5");
  EXPECT_EQ(decoded(*plain, avro_long(5)),
            "!is no Avro object container|To read bare data: --avro-schema FILE");
  AvroPayloadOptions options;
  options.schema = R"(["null","double"])";
  const auto reader = make_avro_payload(options);
  EXPECT_EQ(decoded(*reader, text.header() + text.block(1, avro_long(5))), "5");
  EXPECT_EQ(decoded(*reader, avro_long(0)), "null");
  EXPECT_EQ(
      decoded(*reader, text.header().substr(0, 30)),
      "!a union has branch -40 of 2 (looks like an object container whose header is broken)|");
  // Four ints that look like the begin of one.
  options.schema = R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},
      {"name":"b","type":"int"},{"name":"c","type":"int"},{"name":"d","type":"int"}]})";
  EXPECT_EQ(decoded(*make_avro_payload(options), "Obj\1"), R"({"a":-40,"b":49,"c":53,"d":-1})");
}

TEST(AvroPayload, SchemasAreCompiledOnce) {
  FakeRegistry registry;
  const auto decoder = confluent(registry);
  EXPECT_EQ(decoded(*decoder, framed(7, "\2")), "waiting");
  registry.schemas[number(7)] = FakeRegistry::has("\"int\"");
  registry.schemas[number(8)] = FakeRegistry::has("\"string\"");
  registry.asked = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decoded(*decoder, framed(7, "\2")), "1");
    EXPECT_EQ(decoded(*decoder, framed(7, "\4")), "2");
    EXPECT_EQ(decoded(*decoder, framed(8, avro_bytes("x"))), "\"x\"");
  }
  EXPECT_EQ(registry.asked, 2);
  EXPECT_EQ(decoded(*decoder, framed(7, "")), "!schema 7: ends inside the value|");
  EXPECT_EQ(decoded(*decoder, "\2"),
            "!is not in Confluent's wire format (00, schema id, payload)|");
}

TEST(AvroPayload, WhatTheRegistryHasMayBeUseless) {
  FakeRegistry registry;
  const auto decoder = confluent(registry);
  registry.schemas[number(1)] = FakeRegistry::lacks();
  registry.schemas[number(2)] = FakeRegistry::has("syntax = \"proto3\";", SchemaType::protobuf);
  registry.schemas[number(3)] = FakeRegistry::has("{}", SchemaType::json);
  registry.schemas[number(4)] = FakeRegistry::has("{}");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decoded(*decoder, framed(1, "\2")), "!schema 1: has none|");
    EXPECT_EQ(decoded(*decoder, framed(2, "\2")),
              "!schema 2 is Protobuf|To decode it: -f protobuf");
    EXPECT_EQ(decoded(*decoder, framed(3, "\2")),
              "!schema 3 is JSON Schema|To decode it: -f json-schema");
    EXPECT_EQ(decoded(*decoder, framed(4, "\2")), "!schema 4 cannot be used: lacks \"type\"|");
  }
}

TEST(AvroPayload, ReferencesAreResolved) {
  FakeRegistry registry;
  registry.schemas[number(7)] =
      FakeRegistry::has(R"({"type":"array","items":"org.Id"})", SchemaType::avro,
                        {{"org.Id", R"({"type":"fixed","name":"Id","namespace":"org","size":1})"}});
  EXPECT_EQ(decoded(*confluent(registry), framed(7, "\2a\0"s)), R"([{"base64":"YQ=="}])");
}

TEST(AvroPayload, ReadersSchemaGivenOrOfTheTopic) {
  FakeRegistry registry;
  registry.schemas[number(7)] = FakeRegistry::has(R"({"type":"record","name":"R","fields":[
      {"name":"a","type":"int"},{"name":"b","type":"int"}]})");
  const auto reader = [](const std::string& field) {
    return R"({"type":"record","name":"R","fields":[{"name":")" + field + R"(","type":"long"}]})";
  };
  EXPECT_EQ(decoded(*confluent(registry, reader("b")), framed(7, "\2\4")), R"({"b":2})");

  const auto decoder = confluent(registry, "", "{topic}-value");
  EXPECT_EQ(decoded(*decoder, framed(7, "\2\4"), "t"), "waiting");
  registry.subjects["t-value"] = FakeRegistry::has(reader("a"));
  registry.subjects["u-value"] = FakeRegistry::has(reader("b"));
  registry.subjects["none-value"] = FakeRegistry::lacks();
  registry.subjects["proto-value"] = FakeRegistry::has("", SchemaType::protobuf);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decoded(*decoder, framed(7, "\2\4"), "t"), R"({"a":1})");
    EXPECT_EQ(decoded(*decoder, framed(7, "\2\4"), "u"), R"({"b":2})");
  }
  const auto exit_of = [&](const std::string& topic) {
    try {
      decoded(*decoder, framed(7, "\2\4"), topic);
    } catch (const Error& error) {
      return error.exit();
    }
    return Exit::ok;
  };
  EXPECT_EQ(exit_of("none"), Exit::no_input);
  EXPECT_EQ(exit_of("proto"), Exit::config);
  EXPECT_THROW(confluent(registry, "\"int\"", "s"), Error);
}

}  // namespace
}  // namespace kpipe
