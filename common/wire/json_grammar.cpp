// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_grammar.hpp"

#include <algorithm>
#include <string>

namespace kpipe {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_digits(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return false;
  while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text) {
  take(text, "-");
  if (!take(text, "0") && !take_digits(text)) return false;
  if (take(text, ".") && !take_digits(text)) return false;
  if (take(text, "e") || take(text, "E")) {
    if (!take(text, "+")) take(text, "-");
    return take_digits(text);
  }
  return true;
}

/// After the backslash.
bool take_escape(std::string_view& text) {
  if (text.empty()) return false;
  const char kind = text.front();
  text.remove_prefix(1);
  if (kind != 'u') return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
  for (int i = 0; i < 4; ++i) {
    if (text.empty() || !is_hex_digit(text.front())) return false;
    text.remove_prefix(1);
  }
  return true;
}

bool take_string(std::string_view& text) {
  if (!take(text, "\"")) return false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '\\' && !take_escape(text)) return false;
  }
  return false;
}

bool take_scalar(std::string_view& text) {
  switch (text.front()) {
    case '"':
      return take_string(text);
    case 't':
      return take(text, "true");
    case 'f':
      return take(text, "false");
    case 'n':
      return take(text, "null");
    default:
      return take_number(text);
  }
}

/// What may come next.
enum class Next { value, value_or_end, name, name_or_end, comma_or_end };

}  // namespace

bool is_json_number(std::string_view text) noexcept {
  return take_number(text) && text.empty();
}

bool is_json_text(std::string_view text, std::size_t max_depth) {
  std::string open;  // the closing brackets that are due, innermost last
  Next next = Next::value;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n\r"), text.size()));
    if (text.empty()) return open.empty() && next == Next::comma_or_end;
    const char c = text.front();
    if (next != Next::value && next != Next::name && !open.empty() && c == open.back()) {
      open.pop_back();
      text.remove_prefix(1);
      next = Next::comma_or_end;
    } else if (next == Next::comma_or_end) {
      if (open.empty() || !take(text, ",")) return false;
      next = open.back() == '}' ? Next::name : Next::value;
    } else if (next == Next::name || next == Next::name_or_end) {
      if (!take_string(text)) return false;
      text.remove_prefix(std::min(text.find_first_not_of(" \t\n\r"), text.size()));
      if (!take(text, ":")) return false;
      next = Next::value;
    } else if (c == '{' || c == '[') {
      if (open.size() == max_depth) return false;
      open += c == '{' ? '}' : ']';
      text.remove_prefix(1);
      next = c == '{' ? Next::name_or_end : Next::value_or_end;
    } else {
      if (!take_scalar(text)) return false;
      next = Next::comma_or_end;
    }
  }
}

}  // namespace kpipe
