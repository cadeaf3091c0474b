// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/json_reader.hpp"

namespace kpipe::fuzz {

// The other opinion: RFC 8259, RFC 3629 and RFC 4648 read letter by letter, slow and plain, sharing
// no code with common/wire.

/// A JSON text as a tree. Views point into the text.
struct Json {
  JsonKind kind = JsonKind::null;
  std::string_view raw;
  std::optional<std::string> text;  ///< a string's characters; absent with half a surrogate pair
  std::vector<Json> names;          ///< of an object's members, in their order
  std::vector<Json> items;          ///< an object's values or an array's elements
  std::size_t depth = 0;            ///< of brackets, this one's included

  const Json* last(std::string_view name) const;
};

/// Deeper texts are not read.
inline constexpr std::size_t kReferenceDepth = 600;

/// The tree when `text` is one JSON text in valid UTF-8.
std::optional<Json> parse_json(std::string_view text);

bool is_utf8(std::string_view bytes);

/// A whole number that fits, spelt as JSON spells it without fraction or exponent.
std::optional<std::int64_t> as_int(const Json& value);

/// As every other program decodes it: with padding or without, unused bits ignored.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace kpipe::fuzz
