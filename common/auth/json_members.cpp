// SPDX-License-Identifier: Apache-2.0
#include "common/auth/json_members.hpp"

#include "common/base/out_buffer.hpp"
#include "common/base/parse.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {

std::optional<JsonMembers> JsonMembers::parse(std::string_view text) {
  std::string padded(text);
  padded.append(OutBuffer::kPadding, '\0');
  const Secret kept(std::move(padded));
  JsonReader reader;
  std::vector<JsonField> fields;
  if (!reader.object(std::string_view(kept.reveal()).substr(0, text.size()), fields))
    return std::nullopt;
  JsonMembers result;
  for (const JsonField& field : fields) {
    if (field.value.is_null()) continue;
    std::string value;
    if (field.value.kind == JsonKind::string) {
      if (!append_unescaped(value, field.value.raw)) return std::nullopt;
    } else {
      value = field.value.raw;
    }
    result.members_.try_emplace(std::string(field.name), Secret(std::move(value)));
  }
  return result;
}

Secret JsonMembers::secret(const std::string& name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? Secret() : found->second;
}

std::string JsonMembers::text(const std::string& name) const {
  return secret(name).reveal();
}

std::optional<std::int64_t> JsonMembers::number(const std::string& name) const {
  const std::string value = text(name);
  return parse_int(std::string_view(value).substr(0, value.find('.')));
}

}  // namespace kpipe
