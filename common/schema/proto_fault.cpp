// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_fault.hpp"

#include <google/protobuf/descriptor.h>

#include <map>

#include "common/schema/proto_wire.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr std::uint64_t kMaxTag = 0xFFFF'FFFF;

std::string step(const Field& field, int index) {
  std::string name = field.is_extension() ? "[" + field.full_name() + "]" : field.name();
  if (field.is_repeated()) name += "[" + std::to_string(index) + "]";
  return name;
}

std::string joined(const std::string& where, const std::string& fault) {
  // Faults begin with a word, paths with a name or a bracket and have a colon behind.
  return where + (fault.starts_with('.') ? fault : ": " + fault);
}

/// Walks through a message as a parser does, and stops where that one stops. What it returns is
/// empty, "why", or ".path: why".
class Walk {
 public:
  /// `type` is nullptr where the schema does not know it; `group` is the number of the group that
  /// ends with a tag of its own, or 0.
  std::string message(const pb::Descriptor* type, WireReader& in, int group, int depth) {
    if (depth > kMaxProtoNesting) return "nests deeper than " + std::to_string(kMaxProtoNesting);
    std::map<const Field*, int> counts;
    while (!in.done()) {
      std::uint64_t tag = 0;
      if (!in.short_varint(tag)) return "ends inside the number of a field";
      const std::uint64_t number = tag >> 3;
      if (tag > kMaxTag || number == 0)
        return "has a field number " + std::to_string(number) + ", which cannot be";
      const WireType wire = static_cast<WireType>(tag & 7);
      if (wire == WireType::end_group) {
        if (static_cast<int>(number) == group) return {};
        return "has the end of a group that it is not in (" + std::to_string(number) + ")";
      }
      const Field* const field = field_of(type, static_cast<int>(number));
      const int index = field == nullptr ? 0 : counts[field]++;
      const std::string fault = value(field, static_cast<int>(number), wire, in, depth);
      if (fault.empty()) continue;
      if (field == nullptr)
        return "field " + std::to_string(number) + " (not in the schema): " + fault;
      return "." + joined(step(*field, index), fault);
    }
    return group == 0 ? std::string() : "ends inside a group";
  }

 private:
  static const Field* field_of(const pb::Descriptor* type, int number) {
    if (type == nullptr) return nullptr;
    const Field* const field = type->FindFieldByNumber(number);
    if (field != nullptr || !type->IsExtensionNumber(number)) return field;
    return type->file()->pool()->FindExtensionByNumber(type, number);
  }

  std::string value(const Field* field, int number, WireType wire, WireReader& in, int depth) {
    std::uint64_t bits = 0;
    std::uint32_t word = 0;
    std::string_view bytes;
    switch (wire) {
      case WireType::varint:
        if (in.varint(bits)) return {};
        return in.done() ? "ends inside the value" : "is a number of more than ten bytes";
      case WireType::fixed64:
        return in.fixed(bits) ? "" : "ends inside the value";
      case WireType::fixed32:
        return in.fixed(word) ? "" : "ends inside the value";
      case WireType::bytes:
        break;
      case WireType::group:
        if (field != nullptr && field->type() == Field::TYPE_GROUP)
          return message(field->message_type(), in, number, depth + 1);
        return message(nullptr, in, number, depth + 1);
      case WireType::end_group:
      default:
        return "has wire type " + std::to_string(static_cast<int>(wire)) + ", which cannot be";
    }
    if (!in.short_varint(bits)) return "ends inside its length";
    if (bits > in.left())
      return "has a length of " + std::to_string(bits) + ", with " + std::to_string(in.left()) +
             " bytes left";
    bytes = {in.at, static_cast<std::size_t>(bits)};
    in.at += bits;
    return field == nullptr ? std::string() : delimited(*field, bytes, depth);
  }

  std::string delimited(const Field& field, std::string_view bytes, int depth) {
    WireReader in(bytes);
    if (field.type() == Field::TYPE_MESSAGE) return message(field.message_type(), in, 0, depth + 1);
    if (field.type() == Field::TYPE_STRING) return is_valid_utf8(bytes) ? "" : "is not valid UTF-8";
    if (!field.is_packable()) return {};
    std::uint64_t bits = 0;
    std::uint32_t word = 0;
    while (!in.done()) {
      bool whole = true;
      switch (field.type()) {
        case Field::TYPE_FIXED64:
        case Field::TYPE_SFIXED64:
        case Field::TYPE_DOUBLE:
          whole = in.fixed(bits);
          break;
        case Field::TYPE_FIXED32:
        case Field::TYPE_SFIXED32:
        case Field::TYPE_FLOAT:
          whole = in.fixed(word);
          break;
        default:
          whole = in.varint(bits);
      }
      if (!whole) return "ends inside the value";
    }
    return {};
  }
};

}  // namespace

std::string find_proto_fault(const pb::Descriptor& type, std::string_view bytes) {
  WireReader in(bytes);
  std::string fault = Walk().message(&type, in, 0, 0);
  if (fault.starts_with('.')) fault.erase(0, 1);
  return fault;
}

}  // namespace kpipe
