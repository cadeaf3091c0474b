// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_match.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace kpipe {
namespace {

bool promotes(AvroType writer, AvroType reader) {
  switch (writer) {
    case AvroType::int_:
      return reader == AvroType::long_ || reader == AvroType::float_ || reader == AvroType::double_;
    case AvroType::long_:
      return reader == AvroType::float_ || reader == AvroType::double_;
    case AvroType::float_:
      return reader == AvroType::double_;
    case AvroType::string:
      return reader == AvroType::bytes;
    case AvroType::bytes:
      return reader == AvroType::string;
    default:
      return false;
  }
}

bool has_alias(const AvroNode& reader, const std::string& name) {
  return std::find(reader.aliases.begin(), reader.aliases.end(), name) != reader.aliases.end();
}

bool names_match(const AvroNode& writer, const AvroNode& reader) {
  return avro_unqualified(writer.name) == avro_unqualified(reader.name) ||
         has_alias(reader, writer.name);
}

}  // namespace

std::string avro_mismatch(const AvroNode& writer, const AvroNode& reader) {
  const auto differ = [&] { return writer.describe() + " is no " + reader.describe(); };
  if (writer.type != reader.type) return promotes(writer.type, reader.type) ? "" : differ();
  if (writer.is_named() && !names_match(writer, reader))
    return differ() + ", nor does that have the alias " + writer.name;
  if (writer.type == AvroType::fixed && writer.size != reader.size)
    return writer.describe() + " has " + std::to_string(writer.size) + " bytes, the reader's " +
           std::to_string(reader.size);
  if (writer.logical == AvroLogical::decimal && reader.logical == AvroLogical::decimal &&
      writer.scale != reader.scale)
    return "a decimal of scale " + std::to_string(writer.scale) + " is none of scale " +
           std::to_string(reader.scale);
  return {};
}

const AvroNode* avro_branch(const AvroNode& writer, const AvroNode& reader_union) {
  const auto first = [&](auto&& suits) -> const AvroNode* {
    for (const AvroNode* branch : reader_union.inner)
      if (suits(*branch) && avro_mismatch(writer, *branch).empty()) return branch;
    return nullptr;
  };
  const AvroNode* found = first([&](const AvroNode& branch) {
    return branch.type == writer.type && branch.name == writer.name;
  });
  if (found == nullptr && writer.is_named())
    found = first([&](const AvroNode& branch) { return has_alias(branch, writer.name); });
  if (found == nullptr) found = first([](const AvroNode&) { return true; });
  return found;
}

std::vector<const AvroField*> avro_fields(const AvroNode& writer, const AvroNode& reader) {
  std::map<std::string_view, std::size_t> written;
  for (std::size_t i = 0; i < writer.fields.size(); ++i) written.emplace(writer.fields[i].name, i);
  std::vector<const AvroField*> targets(writer.fields.size(), nullptr);
  const auto take = [&](const std::string& name, const AvroField& field) {
    const auto found = written.find(name);
    if (found == written.end() || targets[found->second] != nullptr) return false;
    targets[found->second] = &field;
    return true;
  };
  std::vector<const AvroField*> unnamed;
  for (const AvroField& field : reader.fields)
    if (!take(field.name, field)) unnamed.push_back(&field);
  for (const AvroField* field : unnamed) {
    for (const std::string& alias : field->aliases)
      if (take(alias, *field)) break;
  }
  return targets;
}

}  // namespace kpipe
