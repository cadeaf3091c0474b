// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/json_reader.hpp"

namespace kpipe {

/// A JSON text as a tree that owns what it holds: for schemas, which are read once. Records go
/// through JsonReader, which builds nothing.
struct JsonTree {
  JsonKind kind = JsonKind::null;
  std::string text;                ///< a string's characters; a number's or boolean's as written
  std::vector<std::string> names;  ///< of an object's members, as written
  std::vector<JsonTree> items;     ///< of an array, or the values of those members

  /// Of an object's members with the same name the last, as most parsers have it. Null when there
  /// is none.
  const JsonTree* find(std::string_view name) const noexcept;
  bool is_string() const noexcept { return kind == JsonKind::string; }
};

/// Throws std::invalid_argument, with the reason for people: not JSON, or nested too deep.
JsonTree parse_json_tree(std::string_view text, std::size_t max_depth);

}  // namespace kpipe
