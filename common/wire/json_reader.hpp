// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

enum class JsonKind : std::uint8_t { null, boolean, number, string, object, array };

/// A JSON value as it stands in the text, digits and escapes untouched; strings with their quotes.
struct JsonText {
  JsonKind kind = JsonKind::null;
  std::string_view raw = "null";

  bool is_null() const noexcept { return kind == JsonKind::null; }
};

struct JsonField {
  std::string_view name;  ///< unescaped
  JsonText value;
};

/// Takes one level of an object or array apart in one pass, without building a tree; call it again
/// on a field's raw text to go deeper. Of what is nested only strings and brackets are looked at.
/// The whole text must be UTF-8 (RFC 8259 section 8.1), and have OutBuffer::kPadding readable bytes
/// behind it. Views point into the text, or for names with escapes into the reader, until its next
/// object(). Not for use by two threads at once.
class JsonReader {
 public:
  /// The members in their order, duplicates kept. False when `text` is not an object.
  bool object(std::string_view text, std::vector<JsonField>& fields);
  /// The elements in their order. False when `text` is not an array.
  bool array(std::string_view text, std::vector<JsonText>& elements);

 private:
  std::deque<std::string> names_;  ///< unescaped; a deque, as views point into its elements
};

/// Appends the text of a JSON string (given with its quotes) as UTF-8. False on a broken escape.
bool append_unescaped(std::string& out, std::string_view quoted);

/// A string's characters when there is nothing to unescape, which is the common case.
std::optional<std::string_view> plain_string(const JsonText& text) noexcept;

std::optional<std::int64_t> json_int(const JsonText& text) noexcept;

}  // namespace kpipe
