// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace kpipe {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How a byte stands in a JSON string. Eight bytes, so that one load and one store write it.
struct Spelling {
  char text[7];
  std::uint8_t size;
};

constexpr std::array<Spelling, 256> make_spellings() {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view escaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  std::array<Spelling, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    const char byte = static_cast<char>(c);
    const std::size_t at = escaped.find(byte);
    if (at != std::string_view::npos) {
      table[c] = {{'\\', letters[at]}, 2};
    } else if (c < 0x20) {
      table[c] = {{'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6};
    } else {
      table[c] = {{byte}, 1};
    }
  }
  return table;
}
constexpr std::array<Spelling, 256> spellings = make_spellings();
constexpr std::size_t longest_spelling = 6;

constexpr std::uint64_t words_of(char c) {
  return 0x0101010101010101U * static_cast<unsigned char>(c);
}
constexpr std::uint64_t high_bits = words_of('\x80');

/// True if one of these eight bytes must be escaped. Finds zero bytes by their borrow.
constexpr bool must_escape(std::uint64_t bytes) {
  const auto borrows = [](std::uint64_t x, std::uint64_t less) { return (x - less) & ~x; };
  return ((borrows(bytes, words_of(' ')) | borrows(bytes ^ words_of('"'), words_of(1)) |
           borrows(bytes ^ words_of('\\'), words_of(1))) &
          high_bits) != 0;
}

/// True if all of these eight bytes are ASCII that stands for itself.
constexpr bool is_plain(std::uint64_t bytes) {
  return (bytes & high_bits) == 0 && !must_escape(bytes);
}

constexpr std::array<std::int8_t, 256> make_base64_table() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < base64_digits.size(); ++i) {
    table[static_cast<unsigned char>(base64_digits[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr std::array<std::int8_t, 256> base64_values = make_base64_table();

/// Writes `text` escaped; where it ends. Up to sizeof(Spelling) bytes behind that are spoilt.
char* escape(char* to, std::string_view text) {
  const auto spell = [&](char c) {
    const Spelling& spelling = spellings[static_cast<unsigned char>(c)];
    std::memcpy(to, &spelling, sizeof spelling);
    to += spelling.size;
  };
  std::size_t i = 0;
  std::uint64_t word = 0;
  for (; i + sizeof word <= text.size(); i += sizeof word) {
    std::memcpy(&word, text.data() + i, sizeof word);
    if (must_escape(word)) {
      for (const char c : text.substr(i, sizeof word)) spell(c);
    } else {
      std::memcpy(to, &word, sizeof word);
      to += sizeof word;
    }
  }
  for (; i < text.size(); ++i) spell(text[i]);
  return to;
}

template <typename Float>
void append_shortest(OutBuffer& out, Float value) {
  if (std::isnan(value)) {
    out.append("\"NaN\"");
  } else if (std::isinf(value)) {
    out.append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
  } else {
    constexpr std::size_t longest = 32;
    char* const at = out.reserve(longest);
    out.advance(static_cast<std::size_t>(std::to_chars(at, at + longest, value).ptr - at));
  }
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) noexcept {
  // Most texts are ASCII: decide those without the call into simdjson.
  constexpr std::uint64_t tops = 0x8080808080808080U;
  std::array<std::uint64_t, 4> words{};
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof words; at += sizeof words, left -= sizeof words) {
    std::memcpy(words.data(), at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & tops) != 0) {
      return simdjson::validate_utf8(bytes);
    }
  }
  for (; left >= sizeof words[0]; at += sizeof words[0], left -= sizeof words[0]) {
    std::memcpy(words.data(), at, sizeof words[0]);
    if ((words[0] & tops) != 0) return simdjson::validate_utf8(bytes);
  }
  for (; left > 0; ++at, --left) {
    if ((static_cast<unsigned char>(*at) & 0x80U) != 0) return simdjson::validate_utf8(bytes);
  }
  return true;
}

void append_json_string(OutBuffer& out, std::string_view text) {
  // In pieces: room for the worst case of a long text would be six times what it needs.
  constexpr std::size_t piece = 4096;
  out.append('"');
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    const std::string_view part = text.substr(0, piece);
    char* const to = out.reserve(part.size() * longest_spelling + sizeof(Spelling));
    out.advance(static_cast<std::size_t>(escape(to, part) - to));
  }
  out.append('"');
}

bool append_json_text(OutBuffer& out, std::string_view bytes) {
  // Most texts are short and plain: one copy, and one look at each word.
  char* const begin = out.reserve(bytes.size() + 2);
  if (!bytes.empty()) std::memcpy(begin + 1, bytes.data(), bytes.size());
  std::uint64_t word = 0;
  bool plain = true;
  std::size_t i = 0;
  for (; i + sizeof word <= bytes.size() && plain; i += sizeof word) {
    std::memcpy(&word, bytes.data() + i, sizeof word);
    plain = is_plain(word);
  }
  if (plain && i < bytes.size()) {
    word = words_of(' ');
    std::memcpy(&word, bytes.data() + i, bytes.size() - i);
    plain = is_plain(word);
  }
  if (!plain) {
    if (!is_valid_utf8(bytes)) return false;
    append_json_string(out, bytes);
    return true;
  }
  begin[0] = begin[bytes.size() + 1] = '"';
  out.advance(bytes.size() + 2);
  return true;
}

void append_json_number(OutBuffer& out, double value) {
  append_shortest(out, value);
}

void append_json_number(OutBuffer& out, float value) {
  append_shortest(out, value);
}

void append_json_bytes(OutBuffer& out, std::string_view bytes) {
  if (!append_json_text(out, bytes)) append_json_base64(out, bytes);
}

void append_json_base64(OutBuffer& out, std::string_view bytes) {
  out.append("{\"base64\":\"");
  append_base64(out, bytes);
  out.append("\"}");
}

void append_base64(OutBuffer& out, std::string_view bytes) {
  char* to = out.reserve((bytes.size() + 2) / 3 * 4);
  char* const start = to;
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[i])};
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = base64_digits[group >> 18];
    *to++ = base64_digits[group >> 12 & 63];
    *to++ = base64_digits[group >> 6 & 63];
    *to++ = base64_digits[group & 63];
  }
  if (i < bytes.size()) {
    const bool two = i + 2 == bytes.size();
    const std::uint32_t group = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0);
    *to++ = base64_digits[group >> 18];
    *to++ = base64_digits[group >> 12 & 63];
    *to++ = two ? base64_digits[group >> 6 & 63] : '=';
    *to++ = '=';
  }
  out.advance(static_cast<std::size_t>(to - start));
}

bool append_base64_decoded(std::string& out, std::string_view text) {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return false;
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  if (text.size() % 4 == 1) return false;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const std::int8_t value = base64_values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return true;
}

}  // namespace kpipe
