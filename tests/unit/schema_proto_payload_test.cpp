// SPDX-License-Identifier: Apache-2.0
#include "common/schema/protobuf_payload.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;

const std::string kSource = R"(syntax = "proto3"; package s;
message Order { int32 id = 1; message Item { string sku = 1; } }
message Other { int32 n = 1; })";

class Registry final : public SchemaRegistry {
 public:
  std::map<SchemaId, SchemaAnswer> answers;
  int asked = 0;

  void add(const SchemaId& id, SchemaType type, const std::string& text) {
    auto schema = std::make_shared<RegisteredSchema>();
    schema->type = type;
    schema->text = text;
    answers[id] = {SchemaAnswer::State::ready, schema, ""};
  }
  SchemaAnswer schema(const SchemaId& id) override {
    ++asked;
    return answers[id];
  }
  SchemaAnswer latest(const std::string&) override { return {}; }
  int event_fd() const noexcept override { return -1; }
  void clear_event() noexcept override {}
};

SchemaId numbered(std::uint32_t number) {
  SchemaId id;
  id.number = number;
  return id;
}

std::string decoded(PayloadDecoder& decoder, const std::string& bytes) {
  OutBuffer out;
  switch (decoder.decode("t", bytes, out)) {
    case Decoded::ok:
      return std::string(out.view());
    case Decoded::waiting:
      return "waiting";
    default:
      return "bad: " + decoder.reason() +
             (decoder.remedy().empty() ? "" : " | " + decoder.remedy());
  }
}

class ConfluentProtobuf : public testing::Test {
 protected:
  void SetUp() override { registry_.add(numbered(7), SchemaType::protobuf, kSource); }
  std::unique_ptr<PayloadDecoder> make(const std::string& message = "") {
    ProtobufPayloadOptions options;
    options.framing = Framing::confluent;
    options.registry = &registry_;
    options.message = message;
    return make_protobuf_payload(options);
  }

  Registry registry_;
};

TEST_F(ConfluentProtobuf, RecordsNameTheirTypes) {
  const auto decoder = make();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\0\x08\5"s), R"({"id":5})");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\2\2\x08\5"s), R"({"n":5})");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\4\0\0\x0a\1x"s), R"({"sku":"x"})");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\2\0\x08\5"s), R"({"id":5})");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\0"s), "{}");
  }
  EXPECT_EQ(registry_.asked, 1);
}

TEST_F(ConfluentProtobuf, OrNoneThatThereIs) {
  const auto decoder = make();
  EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\2\4"s), "bad: schema 7: has no message [2]");
  EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\4\0\2"s), "bad: schema 7: has no message [0, 1]");
  for (const std::string& indexes : {""s, "\1\0"s, "\2"s, "\2\1"s, "\xff\xff\xff\xff\x0f"s}) {
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7"s + indexes).substr(0, 49),
              "bad: schema 7: has no message indexes behind the ");
  }
}

TEST_F(ConfluentProtobuf, FaultsNameTheirPlace) {
  EXPECT_EQ(decoded(*make(), "\0\0\0\0\7\0\x08"s),
            "bad: schema 7: s.Order: id: ends inside the value");
  EXPECT_EQ(decoded(*make(), "{}"),
            "bad: is not in Confluent's wire format (00, schema id, payload)");
}

TEST_F(ConfluentProtobuf, ANamedTypeIsTheOnlyOne) {
  const auto decoder = make("s.Order");
  EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\0\x08\5"s), R"({"id":5})");
  EXPECT_EQ(decoded(*decoder, "\0\0\0\0\7\2\2\x08\5"s),
            "bad: schema 7: is a s.Other, not a s.Order | To read all types: leave out --message");
}

TEST_F(ConfluentProtobuf, SchemasThatAreNotOfUse) {
  registry_.add(numbered(1), SchemaType::avro, "{}");
  registry_.add(numbered(2), SchemaType::json, "{}");
  registry_.add(numbered(3), SchemaType::protobuf, "nonsense");
  registry_.answers[numbered(4)] = {SchemaAnswer::State::missing, nullptr, "not there"};
  const auto decoder = make();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\1\0"s), "bad: schema 1 is Avro | To read it: -f avro");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\2\0"s),
              "bad: schema 2 is JSON Schema | To read it: -f json-schema");
    EXPECT_TRUE(
        decoded(*decoder, "\0\0\0\0\3\0"s).starts_with("bad: schema 3: schema.proto:1:1: "));
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\4\0"s), "bad: schema 4: not there");
    EXPECT_EQ(decoded(*decoder, "\0\0\0\0\5\0"s), "waiting");
  }
  registry_.add(numbered(5), SchemaType::protobuf, kSource);
  EXPECT_EQ(decoded(*decoder, "\0\0\0\0\5\0"s), "{}");
}

TEST(GlueProtobuf, RecordsNumberTheirTypes) {
  Registry registry;
  SchemaId id;
  id.is_uuid = true;
  id.uuid.fill(1);
  registry.add(id, SchemaType::protobuf, kSource);
  ProtobufPayloadOptions options;
  options.framing = Framing::glue;
  options.registry = &registry;
  const auto decoder = make_protobuf_payload(options);
  const std::string head = "\3\0"s + std::string(16, '\1');
  EXPECT_EQ(decoded(*decoder, head + "\0\x08\5"s), R"({"id":5})");
  EXPECT_EQ(decoded(*decoder, head + "\1\x0a\1x"s), R"({"sku":"x"})");
  EXPECT_EQ(decoded(*decoder, head + "\2\x08\5"s), R"({"n":5})");
  EXPECT_TRUE(decoded(*decoder, head + "\3"s).ends_with(": has no message 3"));
  EXPECT_TRUE(
      decoded(*decoder, head).ends_with(": has no message number behind the schema version"));
}

class LocalProtobuf : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / "kpipe-payload.XXXXXX";
    ASSERT_NE(::mkdtemp(path_.data()), nullptr);
    std::ofstream(path_ + "/s.proto") << kSource;
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  ProtobufPayloadOptions options(Framing framing) {
    ProtobufPayloadOptions made;
    made.framing = framing;
    made.files = {path_ + "/s.proto"};
    made.message = "s.Other";
    return made;
  }
  std::string path_;
};

TEST_F(LocalProtobuf, BareOrBehindAFrame) {
  const auto bare = make_protobuf_payload(options(Framing::none));
  EXPECT_EQ(decoded(*bare, "\x08\5"s), R"({"n":5})");
  EXPECT_EQ(decoded(*bare, ""), "{}");
  EXPECT_EQ(decoded(*bare, "\0\0\0\0\7\0\x08\5"s),
            "bad: s.Other: has a field number 0, which cannot be (looks like Confluent's wire "
            "format, schema 7)");
  const auto framed = make_protobuf_payload(options(Framing::confluent));
  EXPECT_EQ(decoded(*framed, "\0\0\0\0\7\2\2\x08\5"s), R"({"n":5})");
  EXPECT_EQ(decoded(*framed, "\0\0\0\0\7\2"s),
            "bad: has no message indexes behind the schema's id");
  const auto glue = make_protobuf_payload(options(Framing::glue));
  EXPECT_EQ(decoded(*glue, "\3\0"s + std::string(16, 'x') + "\2\x08\5"), R"({"n":5})");
}

TEST_F(LocalProtobuf, OptionsThatContradict) {
  Registry registry;
  ProtobufPayloadOptions both = options(Framing::confluent);
  both.registry = &registry;
  EXPECT_THROW(make_protobuf_payload(both), Error);
  both.files.clear();
  both.framing = Framing::none;
  EXPECT_THROW(make_protobuf_payload(both), Error);
  EXPECT_THROW(make_protobuf_payload({}), Error);
  ProtobufPayloadOptions misspelt = options(Framing::none);
  misspelt.message = "s.Othr";
  EXPECT_THROW(make_protobuf_payload(misspelt), Error);
}

}  // namespace
}  // namespace kpipe
