// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/reference_json.hpp"

#include <cstdint>
#include <utility>

namespace kpipe::fuzz {
namespace {

void append_character(std::string& out, std::uint32_t code) {
  if (code <= 0x7F) {
    out += static_cast<char>(code);
  } else if (code <= 0x7FF) {
    out += static_cast<char>(0xC0 + code / 64);
    out += static_cast<char>(0x80 + code % 64);
  } else if (code <= 0xFFFF) {
    out += static_cast<char>(0xE0 + code / 4096);
    out += static_cast<char>(0x80 + code / 64 % 64);
    out += static_cast<char>(0x80 + code % 64);
  } else {
    out += static_cast<char>(0xF0 + code / 262144);
    out += static_cast<char>(0x80 + code / 4096 % 64);
    out += static_cast<char>(0x80 + code / 64 % 64);
    out += static_cast<char>(0x80 + code % 64);
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Json> parse() {
    auto value = parse_value(0);
    if (!value) return std::nullopt;
    skip_space();
    if (at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  bool take(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }
  bool take_digit() {
    if (peek() < '0' || peek() > '9') return false;
    ++at_;
    return true;
  }
  bool take_digits() {
    if (!take_digit()) return false;
    while (take_digit()) {
    }
    return true;
  }

  std::optional<Json> parse_value(std::size_t depth) {
    skip_space();
    const std::size_t begin = at_;
    Json value;
    bool good = false;
    switch (peek()) {
      case '{':
        good = depth < kReferenceDepth && parse_object(value, depth);
        break;
      case '[':
        good = depth < kReferenceDepth && parse_array(value, depth);
        break;
      case '"':
        good = parse_string(value);
        break;
      case 't':
        value.kind = JsonKind::boolean;
        good = parse_word("true");
        break;
      case 'f':
        value.kind = JsonKind::boolean;
        good = parse_word("false");
        break;
      case 'n':
        good = parse_word("null");
        break;
      default:
        value.kind = JsonKind::number;
        good = parse_number();
    }
    if (!good) return std::nullopt;
    value.raw = text_.substr(begin, at_ - begin);
    return value;
  }

  bool parse_word(std::string_view word) {
    for (const char c : word) {
      if (!take(c)) return false;
    }
    return true;
  }

  bool parse_number() {
    take('-');
    if (!take('0') && !take_digits()) return false;
    if (take('.') && !take_digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return take_digits();
  }

  bool keep(Json& value, Json item) {
    value.depth = std::max(value.depth, item.depth + 1);
    value.items.push_back(std::move(item));
    return true;
  }

  bool parse_array(Json& value, std::size_t depth) {
    value.kind = JsonKind::array;
    value.depth = 1;
    take('[');
    skip_space();
    if (take(']')) return true;
    do {
      auto item = parse_value(depth + 1);
      if (!item || !keep(value, std::move(*item))) return false;
      skip_space();
    } while (take(','));
    return take(']');
  }

  bool parse_object(Json& value, std::size_t depth) {
    value.kind = JsonKind::object;
    value.depth = 1;
    take('{');
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      Json& name = value.names.emplace_back();
      const std::size_t begin = at_;
      if (!parse_string(name)) return false;
      name.raw = text_.substr(begin, at_ - begin);
      skip_space();
      if (!take(':')) return false;
      auto item = parse_value(depth + 1);
      if (!item || !keep(value, std::move(*item))) return false;
      skip_space();
    } while (take(','));
    return take('}');
  }

  std::optional<std::uint32_t> parse_hex4() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = peek();
      const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c));
      const auto upper = std::string_view("0123456789ABCDEF").find(static_cast<char>(c));
      if (c < 0 || (digit == std::string_view::npos && upper == std::string_view::npos))
        return std::nullopt;
      value =
          value * 16 + static_cast<std::uint32_t>(digit != std::string_view::npos ? digit : upper);
      ++at_;
    }
    return value;
  }

  bool parse_string(Json& value) {
    value.kind = JsonKind::string;
    if (!take('"')) return false;
    std::string characters;
    bool whole = true;
    std::optional<std::uint32_t> high;  // the first half of a surrogate pair, just read
    for (;;) {
      if (peek() < 0x20) return false;  // a control character, or the end
      const char c = text_[at_++];
      std::optional<std::uint32_t> unit;
      if (c == '"') break;
      if (c == '\\') {
        const int kind = peek();
        ++at_;
        const auto simple = std::string_view("\"\\/bfnrt").find(static_cast<char>(kind));
        if (kind == 'u') {
          unit = parse_hex4();
          if (!unit) return false;
        } else if (kind < 0 || simple == std::string_view::npos) {
          return false;
        } else {
          if (high) whole = false;
          high.reset();
          characters += std::string_view("\"\\/\b\f\n\r\t")[simple];
          continue;
        }
      }
      const bool is_low = unit && *unit >= 0xDC00 && *unit <= 0xDFFF;
      const bool is_high = unit && *unit >= 0xD800 && *unit <= 0xDBFF;
      if (high.has_value() != is_low) whole = false;
      if (high && is_low) {
        append_character(characters, 0x10000 + (*high - 0xD800) * 0x400 + (*unit - 0xDC00));
      } else if (unit && !is_low && !is_high) {
        append_character(characters, *unit);
      } else if (!unit) {
        characters += c;
      }
      high = is_high ? unit : std::nullopt;
    }
    if (high) whole = false;
    if (whole) value.text = std::move(characters);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const Json* Json::last(std::string_view name) const {
  for (std::size_t i = names.size(); i-- > 0;) {
    if (names[i].text == name) return &items[i];
  }
  return nullptr;
}

std::optional<Json> parse_json(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  return Parser(text).parse();
}

bool is_utf8(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[i++]);
    if (lead < 0x80) continue;
    const int tails = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC0 || lead >= 0xF8) return false;
    std::uint32_t code = lead & (0x3FU >> tails);
    for (int t = 0; t < tails; ++t, ++i) {
      if (i == bytes.size() || (static_cast<unsigned char>(bytes[i]) & 0xC0U) != 0x80) return false;
      code = code * 64 + (static_cast<unsigned char>(bytes[i]) & 0x3FU);
    }
    const std::uint32_t least = tails == 1 ? 0x80 : tails == 2 ? 0x800 : 0x10000;
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  }
  return true;
}

std::optional<std::int64_t> as_int(const Json& value) {
  if (value.kind != JsonKind::number) return std::nullopt;
  std::string_view digits = value.raw;
  const bool negative = digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  if (digits.size() > 19) return std::nullopt;
  std::uint64_t magnitude = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr std::uint64_t limit = std::uint64_t{1} << 63;
  if (magnitude > limit - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  if (padding > 0 && text.size() % 4 != 0) return std::nullopt;
  text.remove_suffix(padding);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bits;
  for (const char c : text) {
    int value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = c - 'A';
    } else if (c >= 'a' && c <= 'z') {
      value = c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
      value = c - '0' + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    for (int bit = 5; bit >= 0; --bit) bits += (value >> bit & 1) != 0 ? '1' : '0';
  }
  std::string bytes;
  for (std::size_t i = 0; i + 8 <= bits.size(); i += 8) {
    bytes += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  }
  return bytes;
}

}  // namespace kpipe::fuzz
