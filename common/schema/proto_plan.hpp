// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/schema/proto_schema.hpp"
#include "common/schema/proto_well_known.hpp"
#include "common/schema/proto_wire.hpp"

namespace kpipe {

// What ProtoTranscoder needs of a schema, looked up and put into words beforehand.

/// The JSON of an enum's values.
struct EnumPlan {
  /// Of the number `first` and those behind it; empty for those that are not defined.
  std::vector<std::string> near;
  std::int32_t first = 0;
  std::map<std::int32_t, std::string> far;

  /// Empty when there is none.
  std::string_view text(std::int32_t number) const;
};

struct MessagePlan;

struct FieldPlan {
  std::uint32_t number = 0;
  google::protobuf::FieldDescriptor::Type type{};
  WireType wire = WireType::varint;  ///< of one value, not packed
  bool repeated = false;
  bool packable = false;
  bool map = false;
  bool required = false;
  bool presence = false;  ///< zero and empty are shown when they are there
  std::int16_t oneof = -1;
  std::string name;  ///< ,"name":
  const EnumPlan* enums = nullptr;
  const MessagePlan* message = nullptr;
};

struct MessagePlan {
  const google::protobuf::Descriptor* type = nullptr;
  WellKnown known = WellKnown::none;
  /// The old message sets, and more oneofs than bits: for ProtoPrinter.
  bool slow = false;
  std::uint32_t required = 0;      ///< how many of the fields
  std::vector<FieldPlan> fields;   ///< by number, extensions too
  std::vector<std::int32_t> near;  ///< index into fields by number, or -1

  const FieldPlan* field(std::uint64_t number) const noexcept;
};

/// The plans of a schema's types, each made when it is first asked for.
class ProtoPlans {
 public:
  ProtoPlans(const ProtoSchema& schema, bool original_names)
      : schema_(schema), original_names_(original_names) {}

  const MessagePlan& plan(const google::protobuf::Descriptor& type);
  /// The type that an Any names, or nullptr.
  const MessagePlan* named(std::string_view full_name);

 private:
  FieldPlan field_plan(const google::protobuf::FieldDescriptor& field, bool original_name);
  const EnumPlan& enum_plan(const google::protobuf::EnumDescriptor& type);

  const ProtoSchema& schema_;
  bool original_names_;
  std::map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>> messages_;
  std::map<const google::protobuf::EnumDescriptor*, std::unique_ptr<EnumPlan>> enums_;
  std::map<std::string, const MessagePlan*, std::less<>> named_;
};

}  // namespace kpipe
