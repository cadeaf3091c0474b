// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_print.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "common/schema/proto_fault.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

std::string step(const Field& field) {
  return field.is_extension() ? "[" + field.full_name() + "]" : field.name();
}

/// What tells the entries of a map apart.
std::string key_of(const pb::Message& entry) {
  const pb::Reflection& look = *entry.GetReflection();
  const Field& key = field_number(entry, 1);
  switch (key.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return look.GetString(entry, &key);
    case Field::CPPTYPE_BOOL:
      return look.GetBool(entry, &key) ? "true" : "false";
    case Field::CPPTYPE_INT32:
      return std::to_string(look.GetInt32(entry, &key));
    case Field::CPPTYPE_UINT32:
      return std::to_string(look.GetUInt32(entry, &key));
    case Field::CPPTYPE_INT64:
      return std::to_string(look.GetInt64(entry, &key));
    default:
      return std::to_string(look.GetUInt64(entry, &key));
  }
}

}  // namespace

bool json_names_clash(const pb::Descriptor& message) {
  std::set<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) {
    if (!names.insert(message.field(i)->json_name()).second) return true;
  }
  return false;
}

ProtoPrinter::ProtoPrinter(const ProtoSchema& schema, bool original_names)
    : schema_(schema), original_names_(original_names) {}

bool ProtoPrinter::print(const pb::Descriptor& type, std::string_view bytes, OutBuffer& out,
                         std::vector<UnknownField>& unknown) {
  unknown_ = &unknown;
  fault_.clear();
  fault_has_path_ = false;
  depth_ = 0;
  const std::unique_ptr<Message> message(factory_.GetPrototype(&type)->New());
  return parse(type, bytes, *message) && print_message(*message, out);
}

bool ProtoPrinter::parse(const pb::Descriptor& type, std::string_view bytes, Message& message) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return fail("has more than 2 GiB");
  if (message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
  const std::string fault = find_proto_fault(type, bytes);
  fail(fault.empty() ? "is not a message of the type" : fault);
  fault_has_path_ = fault.find(": ") != std::string::npos;
  return false;
}

bool ProtoPrinter::fail(std::string_view why) {
  fault_ = why;
  fault_has_path_ = false;
  return false;
}

bool ProtoPrinter::inside(std::string_view where) {
  const std::string_view join = !fault_has_path_ ? ": " : fault_.starts_with('[') ? "" : ".";
  fault_.insert(0, std::string(where) + std::string(join));
  fault_has_path_ = true;
  return false;
}

bool ProtoPrinter::print_message(const Message& message, OutBuffer& out) {
  if (depth_ > kMaxProtoNesting)
    return fail("nests deeper than " + std::to_string(kMaxProtoNesting));
  ++depth_;
  const WellKnown known = well_known(*message.GetDescriptor());
  bool printed = false;
  if (known == WellKnown::none) {
    out.append('{');
    printed = print_members(message, out, true);
    out.append('}');
  } else {
    std::vector<std::pair<const Field*, int>> numbers;
    look_at_unknown(message, numbers);
    printed = print_known(known, message, out);
  }
  --depth_;
  return printed;
}

bool ProtoPrinter::look_at_unknown(const Message& message,
                                   std::vector<std::pair<const Field*, int>>& numbers) {
  const pb::Reflection& look = *message.GetReflection();
  const pb::UnknownFieldSet& fields = look.GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i) {
    const pb::UnknownField& unknown = fields.field(i);
    const Field* field = message.GetDescriptor()->FindFieldByNumber(unknown.number());
    if (field == nullptr) field = look.FindKnownExtensionByNumber(unknown.number());
    if (field != nullptr && field->type() == Field::TYPE_ENUM &&
        unknown.type() == pb::UnknownField::TYPE_VARINT) {
      numbers.emplace_back(field, static_cast<int>(unknown.varint()));
    } else {
      unknown_->push_back({message.GetDescriptor(), unknown.number()});
    }
  }
  return !numbers.empty();
}

bool ProtoPrinter::print_members(const Message& message, OutBuffer& out, bool first) {
  const pb::Reflection& look = *message.GetReflection();
  const pb::Descriptor& type = *message.GetDescriptor();
  std::vector<const Field*> fields;
  look.ListFields(message, &fields);
  std::vector<std::pair<const Field*, int>> numbers;
  if (look_at_unknown(message, numbers)) {
    for (const auto& [field, number] : numbers) {
      // The library has parted them from the others, and so lost which came first.
      const auto* const oneof = field->real_containing_oneof();
      const bool has_other = oneof == nullptr ? field->is_repeated()
                                                    ? look.FieldSize(message, field) > 0
                                                    : look.HasField(message, field)
                                              : look.HasOneof(message, oneof);
      if (has_other) {
        fail("has a number that its enum does not define in an order that is lost");
        return inside(step(*field));
      }
      if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
    }
    std::sort(fields.begin(), fields.end(),
              [](const Field* a, const Field* b) { return a->number() < b->number(); });
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const Field* const field = type.field(i);
    if (!field->is_required() || std::find(fields.begin(), fields.end(), field) != fields.end())
      continue;
    fail("is required, and missing");
    return inside(step(*field));
  }
  for (const Field* const field : fields) {
    if (!first) out.append(',');
    first = false;
    append_name(*field, out);
    bool printed = true;
    const auto is_of_field = [&](const auto& one) { return one.first == field; };
    if (std::none_of(numbers.begin(), numbers.end(), is_of_field)) {
      printed = print_field(message, *field, out);
    } else if (!field->is_repeated()) {
      const auto last = std::find_if(numbers.rbegin(), numbers.rend(), is_of_field);
      append_enum(*field->enum_type(), last->second, out);
    } else {
      char separator = '[';
      for (const auto& [of, number] : numbers) {
        if (of != field) continue;
        out.append(std::exchange(separator, ','));
        append_enum(*field->enum_type(), number, out);
      }
      out.append(']');
    }
    if (!printed) return false;
  }
  return true;
}

void ProtoPrinter::append_name(const Field& field, OutBuffer& out) {
  if (field.is_extension()) {
    out.append("\"[");
    out.append(field.full_name());
    out.append("]\":");
    return;
  }
  // json_name is free text.
  const bool original = original_names_ || json_names_clash(*field.containing_type());
  append_json_string(out, original ? field.name() : field.json_name());
  out.append(':');
}

bool ProtoPrinter::print_field(const Message& message, const Field& field, OutBuffer& out) {
  if (field.is_map()) return print_map(message, field, out);
  if (field.is_repeated()) return print_repeated(message, field, out);
  return print_value(message, field, -1, out) || inside(step(field));
}

bool ProtoPrinter::print_repeated(const Message& message, const Field& field, OutBuffer& out) {
  out.append('[');
  const int count = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < count; ++i) {
    if (i > 0) out.append(',');
    if (!print_value(message, field, i, out))
      return inside(step(field) + "[" + std::to_string(i) + "]");
  }
  out.append(']');
  return true;
}

bool ProtoPrinter::print_map(const Message& message, const Field& field, OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const int count = look.FieldSize(message, &field);
  // Of entries with one key the last one counts.
  std::set<std::string> seen;
  std::vector<int> entries;
  for (int i = count - 1; i >= 0; --i) {
    if (seen.insert(key_of(look.GetRepeatedMessage(message, &field, i))).second)
      entries.push_back(i);
  }
  out.append('{');
  ++depth_;
  for (auto i = entries.rbegin(); i != entries.rend(); ++i) {
    const Message& entry = look.GetRepeatedMessage(message, &field, *i);
    if (i != entries.rbegin()) out.append(',');
    if (!print_key(entry, out)) return inside(step(field));
    std::vector<std::pair<const Field*, int>> numbers;
    const bool is_number = look_at_unknown(entry, numbers);
    const Field& value = field_number(entry, 2);
    if (is_number) {
      append_enum(*value.enum_type(), numbers.back().second, out);
    } else if (!print_value(entry, value, -1, out)) {
      return inside(step(field) + "[" + key_of(entry) + "]");
    }
  }
  --depth_;
  out.append('}');
  return true;
}

bool ProtoPrinter::print_key(const Message& entry, OutBuffer& out) {
  const std::string text = key_of(entry);
  if (!append_json_text(out, text)) return fail("has a key that is not valid UTF-8");
  out.append(':');
  return true;
}

bool ProtoPrinter::print_value(const Message& message, const Field& field, int index,
                               OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const auto get = [&](auto one, auto of_many) {
    return index < 0 ? (look.*one)(message, &field) : (look.*of_many)(message, &field, index);
  };
  using Look = pb::Reflection;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      out.append_int(get(&Look::GetInt32, &Look::GetRepeatedInt32));
      return true;
    case Field::CPPTYPE_UINT32:
      out.append_int(get(&Look::GetUInt32, &Look::GetRepeatedUInt32));
      return true;
    case Field::CPPTYPE_INT64:
      append_quoted(out, std::int64_t{get(&Look::GetInt64, &Look::GetRepeatedInt64)});
      return true;
    case Field::CPPTYPE_UINT64:
      append_quoted(out, std::uint64_t{get(&Look::GetUInt64, &Look::GetRepeatedUInt64)});
      return true;
    case Field::CPPTYPE_DOUBLE:
      append_json_number(out, get(&Look::GetDouble, &Look::GetRepeatedDouble));
      return true;
    case Field::CPPTYPE_FLOAT:
      append_json_number(out, get(&Look::GetFloat, &Look::GetRepeatedFloat));
      return true;
    case Field::CPPTYPE_BOOL:
      out.append(get(&Look::GetBool, &Look::GetRepeatedBool) ? "true" : "false");
      return true;
    case Field::CPPTYPE_ENUM:
      append_enum(*field.enum_type(), get(&Look::GetEnumValue, &Look::GetRepeatedEnumValue), out);
      return true;
    case Field::CPPTYPE_STRING: {
      const std::string text = get(&Look::GetString, &Look::GetRepeatedString);
      if (field.type() == Field::TYPE_STRING) return print_string(text, out);
      out.append('"');
      append_base64(out, text);
      out.append('"');
      return true;
    }
    default:
      return print_message(index < 0 ? look.GetMessage(message, &field)
                                     : look.GetRepeatedMessage(message, &field, index),
                           out);
  }
}

bool ProtoPrinter::print_string(std::string_view text, OutBuffer& out) {
  return append_json_text(out, text) || fail("is not valid UTF-8");
}

void ProtoPrinter::append_enum(const pb::EnumDescriptor& type, int number, OutBuffer& out) {
  if (type.full_name() == "google.protobuf.NullValue" && number == 0) return out.append("null");
  const pb::EnumValueDescriptor* const value = type.FindValueByNumber(number);
  if (value == nullptr) return out.append_int(number);
  out.append('"');
  out.append(value->name());
  out.append('"');
}

}  // namespace kpipe
