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

const char* digits_end(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

bool take_number(std::string_view& text) {
  const char* const number = json_number_end(text.data(), text.data() + text.size());
  if (number == nullptr) return false;
  text.remove_prefix(static_cast<std::size_t>(number - text.data()));
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

const char* json_number_end(const char* at, const char* end) noexcept {
  if (at != end && *at == '-') ++at;
  if (at == end || !is_digit(*at)) return nullptr;
  at = *at == '0' ? at + 1 : digits_end(at, end);
  if (at != end && *at == '.') {
    const char* const fraction = at + 1;
    at = digits_end(fraction, end);
    if (at == fraction) return nullptr;
  }
  if (at != end && (*at | 0x20) == 'e') {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = digits_end(exponent, end);
    if (at == exponent) return nullptr;
  }
  return at;
}

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
