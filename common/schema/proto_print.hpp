// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/schema/proto_schema.hpp"
#include "common/schema/proto_well_known.hpp"

namespace kpipe {

/// A field that the schema does not know.
struct UnknownField {
  const google::protobuf::Descriptor* message = nullptr;
  int number = 0;
};

/// Messages to JSON by libprotobuf's own parser and reflection: right for every order of fields and
/// everything that Protobuf allows, and slow. ProtoTranscoder is the fast way, for what serializers
/// write; it leaves the rest, and saying what is wrong, to this one.
class ProtoPrinter {
 public:
  ProtoPrinter(const ProtoSchema& schema, bool original_names);

  /// False when the bytes are not such a message, or one that JSON cannot show: fault() says where
  /// and why. `unknown` gets the fields that are left out.
  bool print(const google::protobuf::Descriptor& type, std::string_view bytes, OutBuffer& out,
             std::vector<UnknownField>& unknown);
  /// "lines[3].total: ends inside the value"
  const std::string& fault() const noexcept { return fault_; }

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  bool parse(const google::protobuf::Descriptor& type, std::string_view bytes, Message& message);
  bool print_message(const Message& message, OutBuffer& out);
  bool print_members(const Message& message, OutBuffer& out, bool first);
  bool print_field(const Message& message, const Field& field, OutBuffer& out);
  bool print_repeated(const Message& message, const Field& field, OutBuffer& out);
  bool print_map(const Message& message, const Field& field, OutBuffer& out);
  bool print_key(const Message& entry, OutBuffer& out);
  /// `index` -1: the field is not repeated.
  bool print_value(const Message& message, const Field& field, int index, OutBuffer& out);
  bool print_string(std::string_view text, OutBuffer& out);
  bool print_any(const Message& message, OutBuffer& out);
  bool print_field_mask(const Message& message, OutBuffer& out);
  bool print_known(WellKnown known, const Message& message, OutBuffer& out);
  bool print_struct_value(const Message& message, OutBuffer& out);
  /// Numbers of a closed enum that it does not define are kept with the unknown fields.
  bool look_at_unknown(const Message& message, std::vector<std::pair<const Field*, int>>& numbers);
  void append_name(const Field& field, OutBuffer& out);
  void append_enum(const google::protobuf::EnumDescriptor& type, int number, OutBuffer& out);

  bool fail(std::string_view why);
  bool inside(std::string_view where);  ///< puts a step before the fault's path

  const ProtoSchema& schema_;
  bool original_names_;
  google::protobuf::DynamicMessageFactory factory_;
  std::vector<UnknownField>* unknown_ = nullptr;
  std::string fault_;
  bool fault_has_path_ = false;
  int depth_ = 0;
};

/// A field that every message of its type has: of a map's entries, and of google/protobuf's own.
inline const google::protobuf::FieldDescriptor& field_number(
    const google::protobuf::Message& message, int number) {
  return *message.GetDescriptor()->FindFieldByNumber(number);
}

/// Two fields of proto2 may have one JSON name: then all fields of the message keep their own.
bool json_names_clash(const google::protobuf::Descriptor& message);

}  // namespace kpipe
