// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_plan.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "common/base/out_buffer.hpp"
#include "common/schema/proto_print.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

/// Fields and enum values up to here are found by their number, without a search.
constexpr std::int64_t kNear = 1024;
constexpr int kMaxOneofs = 64;

WireType wire_type(Field::Type type) {
  switch (type) {
    case Field::TYPE_DOUBLE:
    case Field::TYPE_FIXED64:
    case Field::TYPE_SFIXED64:
      return WireType::fixed64;
    case Field::TYPE_FLOAT:
    case Field::TYPE_FIXED32:
    case Field::TYPE_SFIXED32:
      return WireType::fixed32;
    case Field::TYPE_STRING:
    case Field::TYPE_BYTES:
    case Field::TYPE_MESSAGE:
      return WireType::bytes;
    case Field::TYPE_GROUP:
      return WireType::group;
    default:
      return WireType::varint;
  }
}

}  // namespace

std::string_view EnumPlan::text(std::int32_t number) const {
  const std::int64_t at = std::int64_t{number} - first;
  if (at >= 0 && at < static_cast<std::int64_t>(near.size()))
    return near[static_cast<std::size_t>(at)];
  if (far.empty()) return {};
  const auto found = far.find(number);
  return found == far.end() ? std::string_view() : std::string_view(found->second);
}

const FieldPlan* MessagePlan::field(std::uint64_t number) const noexcept {
  if (number < near.size()) {
    const std::int32_t at = near[static_cast<std::size_t>(number)];
    return at < 0 ? nullptr : &fields[static_cast<std::size_t>(at)];
  }
  const auto at = std::lower_bound(
      fields.begin(), fields.end(), number,
      [](const FieldPlan& field, std::uint64_t wanted) { return field.number < wanted; });
  return at != fields.end() && at->number == number ? &*at : nullptr;
}

const MessagePlan& ProtoPlans::plan(const pb::Descriptor& type) {
  std::unique_ptr<MessagePlan>& made = messages_[&type];
  if (made != nullptr) return *made;
  made = std::make_unique<MessagePlan>();
  MessagePlan& plan = *made;  // types may hold themselves
  plan.type = &type;
  plan.known = well_known(type);
  plan.slow = type.options().message_set_wire_format() || type.oneof_decl_count() > kMaxOneofs;
  std::vector<const Field*> fields;
  type.file()->pool()->FindAllExtensions(&type, &fields);
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(),
            [](const Field* a, const Field* b) { return a->number() < b->number(); });
  const bool original_names = original_names_ || json_names_clash(type);
  for (const Field* const field : fields) {
    plan.fields.push_back(field_plan(*field, original_names));
    if (field->is_required()) ++plan.required;
  }
  for (std::size_t i = 0; i < fields.size() && fields[i]->number() < kNear; ++i) {
    plan.near.resize(static_cast<std::size_t>(fields[i]->number()) + 1, -1);
    plan.near.back() = static_cast<std::int32_t>(i);
  }
  return plan;
}

FieldPlan ProtoPlans::field_plan(const Field& field, bool original_name) {
  FieldPlan plan;
  plan.number = static_cast<std::uint32_t>(field.number());
  plan.type = field.type();
  plan.wire = wire_type(field.type());
  plan.repeated = field.is_repeated();
  plan.packable = field.is_packable();
  plan.map = field.is_map();
  plan.required = field.is_required();
  plan.presence = field.has_presence();
  if (const auto* const oneof = field.real_containing_oneof())
    plan.oneof = static_cast<std::int16_t>(oneof->index());
  OutBuffer name;
  name.append(',');
  if (field.is_extension()) {
    append_json_string(name, "[" + field.full_name() + "]");
  } else {
    append_json_string(name, original_name ? field.name() : field.json_name());
  }
  name.append(':');
  plan.name = name.view();
  if (field.message_type() != nullptr) plan.message = &this->plan(*field.message_type());
  if (field.enum_type() != nullptr) plan.enums = &enum_plan(*field.enum_type());
  return plan;
}

const EnumPlan& ProtoPlans::enum_plan(const pb::EnumDescriptor& type) {
  std::unique_ptr<EnumPlan>& made = enums_[&type];
  if (made != nullptr) return *made;
  made = std::make_unique<EnumPlan>();
  EnumPlan& plan = *made;
  const bool null = type.full_name() == "google.protobuf.NullValue";
  std::map<std::int32_t, std::string> all;
  for (int i = 0; i < type.value_count(); ++i) {
    // Of several names for a number the first one counts.
    const int number = type.value(i)->number();
    all.emplace(number, null && number == 0 ? "null" : "\"" + type.value(i)->name() + "\"");
  }
  plan.first = all.begin()->first;
  for (auto& [number, text] : all) {
    if (std::int64_t{number} - plan.first < kNear) {
      plan.near.resize(static_cast<std::size_t>(number - plan.first) + 1);
      plan.near.back() = std::move(text);
    } else {
      plan.far.emplace(number, std::move(text));
    }
  }
  return plan;
}

const MessagePlan* ProtoPlans::named(std::string_view full_name) {
  if (const auto at = named_.find(full_name); at != named_.end()) return at->second;
  const pb::Descriptor* const type = schema_.find(full_name);
  // What is not there is not kept: hostile records could name millions.
  if (type == nullptr) return nullptr;
  return named_.emplace(full_name, &plan(*type)).first->second;
}

}  // namespace kpipe
