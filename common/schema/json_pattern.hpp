// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <regex>
#include <string>
#include <string_view>

namespace kpipe {

/// A regular expression of a JSON Schema (ECMA 262), held against characters, not bytes. It comes
/// from a registry and meets any text: it is searched for in time that is proportional to the text,
/// without recursion into it, so there are no back references.
class JsonPattern {
 public:
  /// Throws std::invalid_argument with the reason, for people.
  explicit JsonPattern(const std::string& pattern);

  const std::string& text() const noexcept { return text_; }
  /// How many characters a text may have to be searched in reasonable time.
  std::size_t longest() const noexcept { return longest_; }
  /// Whether it is found anywhere in `utf8`. Characters beyond longest() are not looked at.
  bool found_in(std::string_view utf8) const;

 private:
  std::string text_;
  std::size_t longest_;
  std::wregex regex_;
};

/// The number of characters, and the characters, of valid UTF-8.
std::size_t utf8_length(std::string_view utf8) noexcept;
std::wstring utf8_characters(std::string_view utf8, std::size_t most);

}  // namespace kpipe
