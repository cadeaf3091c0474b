// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace kpipe {

// Finds where the parts of a JSON text end, many bytes at a time: the hot loop of every sink. `at`
// may be `end`. Behind `end` there must be OutBuffer::kPadding readable bytes, whose content does
// not matter. nullptr: the part does not end before `end`, or is broken.

/// Eight bytes at a time, on any processor: words hold the first byte in their lowest bits. In what
/// the comparisons return, the lowest bit that is set is the top bit of the first byte that
/// matches; bits above it may be wrong, as a borrow goes upwards.
namespace json_words {

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kTops = 0x8080808080808080U;

inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    word = (word & 0x00FF00FF00FF00FFU) << 8 | (word >> 8 & 0x00FF00FF00FF00FFU);
    word = (word & 0x0000FFFF0000FFFFU) << 16 | (word >> 16 & 0x0000FFFF0000FFFFU);
    word = word << 32 | word >> 32;
  }
  return word;
}

inline std::uint64_t below(std::uint64_t word, unsigned char limit) noexcept {
  return (word - kOnes * limit) & ~word & kTops;
}

inline std::uint64_t equal(std::uint64_t word, char wanted) noexcept {
  return below(word ^ kOnes * static_cast<unsigned char>(wanted), 1);
}

}  // namespace json_words

struct JsonStringEnd {
  const char* end = nullptr;
  bool has_escapes = false;
};

/// Behind the quote that closes the string whose first character is at `at`. Escapes are passed
/// over, not judged; control characters are refused (RFC 8259 section 7).
inline JsonStringEnd json_string_end(const char* at, const char* end) noexcept {
  using namespace json_words;
  JsonStringEnd result;
  while (at < end) {
    const std::uint64_t word = load(at);
    const std::uint64_t found = equal(word, '"') | equal(word, '\\') | below(word, 0x20);
    if (found == 0) {
      at += sizeof word;
      continue;
    }
    at += std::countr_zero(found) / 8;
    if (at >= end) break;
    if (*at == '"') {
      result.end = at + 1;
      break;
    }
    if (*at != '\\' || end - at < 2 || static_cast<unsigned char>(at[1]) < 0x20) break;
    result.has_escapes = true;
    at += 2;
  }
  return result;
}

/// Behind the bracket that closes the object or array whose content begins at `at`. Only strings
/// and brackets are looked at; the last bracket must be `close`, and backslashes stand in strings.
const char* json_nested_end(const char* at, const char* end, char close) noexcept;

/// The same on processors without SSE2.
const char* json_nested_end_by_words(const char* at, const char* end, char close) noexcept;

}  // namespace kpipe
