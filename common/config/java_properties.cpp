// SPDX-License-Identifier: Apache-2.0
#include "common/config/java_properties.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace kpipe {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

std::invalid_argument wrong(int line, const std::string& cause) {
  return std::invalid_argument(std::to_string(line) + ": " + cause);
}

/// Natural lines without their ends, "\n", "\r" or "\r\n".
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    const bool two = rest_.substr(end).starts_with("\r\n");
    rest_.remove_prefix(std::min(end + (two ? 2 : 1), rest_.size()));
    return line;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  return line;
}

bool goes_on(std::string_view line) {
  std::size_t slashes = 0;
  while (slashes < line.size() && line[line.size() - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

/// Reads \uXXXX at the front of `text`, the backslash gone.
std::uint32_t take_utf16(std::string_view& text, int line) {
  std::uint32_t unit = 0;
  if (text.size() < 5) throw wrong(line, "\\u needs four hexadecimal digits");
  for (const char c : text.substr(1, 4)) {
    const bool digit = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!digit && (lower < 'a' || lower > 'f'))
      throw wrong(line, "\\u needs four hexadecimal digits");
    unit = unit * 16 + static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  text.remove_prefix(5);
  return unit;
}

void append_utf8(std::uint32_t code, std::string& to) {
  const auto byte = [&](std::uint32_t bits) { to += static_cast<char>(bits); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

/// `text` begins behind a backslash.
void unescape_one(std::string_view& text, std::string& to, int line) {
  if (text.empty()) return;
  if (text.front() == 'u') {
    std::uint32_t code = take_utf16(text, line);
    const bool high = code >= 0xD800 && code < 0xDC00;
    if (high && text.starts_with("\\u")) {
      text.remove_prefix(1);
      const std::uint32_t low = take_utf16(text, line);
      if (low < 0xDC00 || low > 0xDFFF) throw wrong(line, "half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xD800 && code <= 0xDFFF) {
      throw wrong(line, "half of a surrogate pair");
    }
    append_utf8(code, to);
    return;
  }
  constexpr std::string_view names = "tnrf";
  constexpr std::string_view characters = "\t\n\r\f";
  const std::size_t at = names.find(text.front());
  to += at == std::string_view::npos ? text.front() : characters[at];
  text.remove_prefix(1);
}

PropertyLine split(std::string_view text, int line) {
  PropertyLine property{{}, {}, line};
  while (!text.empty() && text.front() != '=' && text.front() != ':' && !is_blank(text.front())) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      unescape_one(text, property.name, line);
    } else {
      property.name += c;
    }
  }
  text = trimmed(text);
  if (text.starts_with('=') || text.starts_with(':')) text = trimmed(text.substr(1));
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      unescape_one(text, property.value, line);
    } else {
      property.value += c;
    }
  }
  return property;
}

}  // namespace

std::vector<PropertyLine> parse_java_properties(std::string_view text) {
  std::vector<PropertyLine> properties;
  Lines lines(text);
  while (auto line = lines.next()) {
    const int number = lines.number();
    std::string logical(trimmed(*line));
    if (logical.empty() || logical.front() == '#' || logical.front() == '!') continue;
    while (goes_on(logical)) {
      logical.pop_back();
      line = lines.next();
      if (!line) break;
      logical += trimmed(*line);
    }
    properties.push_back(split(logical, number));
  }
  return properties;
}

std::vector<PropertyLine> parse_plain_properties(std::string_view text) {
  std::vector<PropertyLine> properties;
  Lines lines(text);
  while (const auto line = lines.next()) {
    const std::string_view content = trimmed(*line);
    if (content.empty() || content.front() == '#') continue;
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos || equals == 0)
      throw wrong(lines.number(), "expected NAME=VALUE");
    std::string_view name = content.substr(0, equals);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    std::string_view value = trimmed(content.substr(equals + 1));
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    properties.push_back({std::string(name), std::string(value), lines.number()});
  }
  return properties;
}

}  // namespace kpipe
