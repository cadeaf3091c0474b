// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>
#include <set>
#include <string>

#include "common/wire/checkpoint.hpp"
#include "common/wire/json_check.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace kpipe::fuzz {

/// A line that leaves no doubt: a JSON object with names that differ, not too deep for the readers.
inline bool is_clear(const std::optional<Json>& line) {
  if (!line || line->kind != JsonKind::object || line->depth > JsonChecker::kMaxDepth) return false;
  std::set<std::string> names;
  for (const Json& name : line->names) {
    if (!name.text || !names.insert(*name.text).second) return false;
  }
  return true;
}

inline std::optional<std::string> plain_text(const Json* value) {
  if (value == nullptr || value->kind != JsonKind::string) return std::nullopt;
  if (value->raw.find('\\') != std::string_view::npos) return std::nullopt;
  return value->text;
}

/// What a clear object says as a checkpoint; nothing when it is none.
inline std::optional<Checkpoint> expected_checkpoint(const Json& object) {
  const auto number = [&](const char* name) {
    const Json* value = object.last(name);
    const auto whole = value == nullptr ? std::nullopt : as_int(*value);
    return whole && *whole >= 0 ? whole : std::nullopt;
  };
  const auto topic = plain_text(object.last("topic"));
  const auto partition = number("partition");
  const auto offset = number("offset");
  const auto generation = object.last("gen") == nullptr ? 0 : number("gen");
  if (!topic || topic->empty() || !offset || !generation || !partition ||
      *partition > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return Checkpoint{{*topic, static_cast<std::int32_t>(*partition)},
                    *offset,
                    *generation,
                    plain_text(object.last("topic_id")).value_or("")};
}

}  // namespace kpipe::fuzz
