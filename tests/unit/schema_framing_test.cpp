// SPDX-License-Identifier: Apache-2.0
#include "common/schema/framing.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace kpipe {
namespace {

using namespace std::string_literals;

const std::string kUuid =
    "\xb7\xb4\xa7\xf0\x9c\x96\x4e\x4a\xa6\x87\xfb\x5d\xe9\xef\x0c\x63";  // any

std::string deflated(const std::string& text) {
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  packed.resize(size);
  return packed;
}

struct Unframed {
  std::string reason;
  SchemaId schema;
  std::string payload;
};

Unframed unframed(Framing framing, const std::string& bytes) {
  FramedPayload framed;
  std::string unpacked;
  std::string reason = unframe(framing, bytes, framed, unpacked);
  return {reason, framed.schema, std::string(framed.payload)};
}

TEST(SchemaFraming, ConfluentNumbersItsSchemas) {
  const Unframed got = unframed(Framing::confluent, "\0\0\1\2\3rest"s);
  EXPECT_EQ(got.reason, "");
  EXPECT_EQ(to_string(got.schema), "66051");
  EXPECT_EQ(got.payload, "rest");
  EXPECT_EQ(unframed(Framing::confluent, "\0\0\0\0\7"s).payload, "");
}

TEST(SchemaFraming, WhatIsNoFrameIsSaid) {
  for (const std::string& bytes : {""s, "\0\0\0\0"s, "{\"a\":1}"s, "\1\0\0\0\7x"s}) {
    EXPECT_EQ(unframed(Framing::confluent, bytes).reason,
              "is not in Confluent's wire format (00, schema id, payload)");
  }
  EXPECT_NE(unframed(Framing::glue, "\3\0"s + kUuid.substr(1)).reason, "");
  EXPECT_NE(unframed(Framing::glue, "\0\0\0\0\7xxxxxxxxxxxxxxxxxxxxx"s).reason, "");
}

TEST(SchemaFraming, GlueNamesSchemasByUuid) {
  const Unframed got = unframed(Framing::glue, "\3\0"s + kUuid + "rest");
  EXPECT_EQ(got.reason, "");
  EXPECT_EQ(to_string(got.schema), "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63");
  EXPECT_EQ(got.payload, "rest");
  EXPECT_EQ(unframed(Framing::glue, "\3\1"s + kUuid).reason,
            "has an unknown compression (1) in AWS Glue's header");
}

TEST(SchemaFraming, GlueMayPackThePayload) {
  const std::string text(100'000, 'x');
  const std::string packed = "\3\5"s + kUuid + deflated(text);
  EXPECT_EQ(unframed(Framing::glue, packed).payload, text);
  EXPECT_EQ(unframed(Framing::glue, "\3\5"s + kUuid + deflated("")).payload, "");
  EXPECT_EQ(unframed(Framing::glue, packed + "x").reason, "has bytes behind its zlib data");
  for (std::size_t cut = 18; cut < packed.size(); ++cut)
    EXPECT_EQ(unframed(Framing::glue, packed.substr(0, cut)).reason, "is broken zlib data") << cut;
}

TEST(SchemaFraming, ABombIsNotUnpacked) {
  const std::string bomb = "\3\5"s + kUuid + deflated(std::string(kMaxUnpacked + 1, '\0'));
  EXPECT_EQ(unframed(Framing::glue, bomb).reason, "unpacks to more than 64 MiB");
  const std::string largest = "\3\5"s + kUuid + deflated(std::string(kMaxUnpacked, '\0'));
  EXPECT_EQ(unframed(Framing::glue, largest).reason, "");
}

TEST(SchemaFraming, GuessesWhatItMightBe) {
  EXPECT_EQ(guess_framing("\0\0\0\0\7xx"s), " (looks like Confluent's wire format, schema 7)");
  EXPECT_EQ(guess_framing("\3\5"s + kUuid + "x"), " (looks like AWS Glue's wire format)");
  EXPECT_EQ(guess_framing("{\"a\":1}"), "");
  EXPECT_EQ(guess_framing("\0\0\0\0\0\0\0\0"s), "");
}

}  // namespace
}  // namespace kpipe
