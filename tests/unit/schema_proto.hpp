// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/base/out_buffer.hpp"
#include "common/schema/proto_json.hpp"
#include "common/schema/proto_schema.hpp"

namespace kpipe {

inline std::shared_ptr<const ProtoSchema> proto_schema(const std::string& text) {
  RegisteredSchema registered;
  registered.type = SchemaType::protobuf;
  registered.text = text;
  std::string reason;
  auto schema = ProtoSchema::compile(registered, {}, reason);
  EXPECT_EQ(reason, "");
  return schema;
}

/// The bytes of a message that is written as in Protobuf's text format, by libprotobuf itself.
inline std::string proto_bytes(const ProtoSchema& schema, const std::string& type,
                               const std::string& text) {
  google::protobuf::DynamicMessageFactory factory;
  const auto* const descriptor = schema.find(type);
  EXPECT_NE(descriptor, nullptr) << type;
  const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(descriptor)->New());
  google::protobuf::TextFormat::Parser parser;
  parser.AllowPartialMessage(true);
  EXPECT_TRUE(parser.ParseFromString(text, message.get())) << text;
  return message->SerializePartialAsString();
}

/// The JSON, or "bad: " and why.
inline std::string proto_json(const std::shared_ptr<const ProtoSchema>& schema,
                              const std::string& type, const std::string& bytes,
                              bool original_names = false) {
  ProtoJson json(schema, original_names);
  OutBuffer out;
  if (!json.write(*schema->find(type), bytes, out)) return "bad: " + json.fault();
  return std::string(out.view());
}

}  // namespace kpipe
