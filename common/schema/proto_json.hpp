// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/schema/proto_schema.hpp"

namespace kpipe {

class ProtoPrinter;
class ProtoTranscoder;
struct MessagePlan;
struct UnknownField;

/// Messages of one schema as JSON, by the JSON mapping of Protobuf (protobuf.dev, "ProtoJSON
/// Format") with its defaults: fields by their numbers, lowerCamelCase, 64-bit integers and bytes
/// (base64) as strings, fields without presence left out when they are zero or empty. Where that
/// mapping is silent, or would lose something:
///
/// - Fields that the schema does not know have no name to stand under and are left out. Each is
///   said once on stderr (warning), so that nobody misses them without knowing.
/// - A number that an enum does not define is that number, in proto2 too.
/// - Any of a type that the schema does not hold is {"@type": URL, "value": its bytes in base64};
///   types need no host before their name.
/// - Refused as bad: strings that are not UTF-8 (proto2 too), required fields that are missing,
///   timestamps and durations out of their range, NaN and infinity in google.protobuf.Value, paths
///   of a FieldMask that lowerCamelCase cannot show. A Value without a kind is null.
/// - Where two fields of a proto2 message have one JSON name, all of it keep their own names.
class ProtoJson {
 public:
  ProtoJson(std::shared_ptr<const ProtoSchema> schema, bool original_names);
  ~ProtoJson();

  /// `type` is one of the schema's. False when the bytes are not such a message: fault() says
  /// where and why.
  bool write(const google::protobuf::Descriptor& type, std::string_view bytes, OutBuffer& out);
  /// "lines[3].total: ends inside the value"
  const std::string& fault() const noexcept;

  const ProtoSchema& schema() const noexcept { return *schema_; }
  /// How many fields that the schema does not know have been left out.
  std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  void say_left_out();

  std::shared_ptr<const ProtoSchema> schema_;
  std::unique_ptr<ProtoTranscoder> transcoder_;
  std::unique_ptr<ProtoPrinter> printer_;  ///< for what the other one gives up on
  const google::protobuf::Descriptor* last_type_ = nullptr;
  const MessagePlan* last_plan_ = nullptr;
  std::vector<UnknownField> unknown_;
  std::vector<UnknownField> said_;
  std::uint64_t left_out_ = 0;
};

}  // namespace kpipe
