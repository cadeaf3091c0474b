// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_scan.hpp"

#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace kpipe {
namespace {

#ifdef __SSE2__

/// Of 64 bytes, a bit for each that is...
struct Block {
  std::uint64_t quote = 0;
  std::uint64_t backslash = 0;
  std::uint64_t control = 0;
  std::uint64_t open = 0;   ///< { or [
  std::uint64_t close = 0;  ///< } or ]

  explicit Block(const char* at) noexcept {
    for (int part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * part));
      // The square brackets differ from the curly ones in this bit alone.
      const __m128i curly = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
      const auto put = [part](std::uint64_t& mask, __m128i matches) {
        mask |= static_cast<std::uint64_t>(_mm_movemask_epi8(matches)) << 16 * part;
      };
      put(quote, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
      put(backslash, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
      put(control, _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
      put(open, _mm_cmpeq_epi8(curly, _mm_set1_epi8('{')));
      put(close, _mm_cmpeq_epi8(curly, _mm_set1_epi8('}')));
    }
  }

  void cut_behind(std::ptrdiff_t bytes) noexcept {
    const std::uint64_t kept = bytes >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1;
    quote &= kept;
    backslash &= kept;
    control &= kept;
    open &= kept;
    close &= kept;
  }
};

/// What goes over from one block to the next.
struct Strings {
  std::uint64_t inside = 0;   ///< all bits set: within a string
  std::uint64_t escaped = 0;  ///< 1: the first byte is

  /// The bits of the bytes in strings, the quotes that open them included; takes escaped quotes
  /// out of the block.
  std::uint64_t cover(Block& block) noexcept {
    if ((block.backslash | escaped) != 0) block.quote &= ~escapes(block.backslash);
    std::uint64_t mask = block.quote;
    for (int shift = 1; shift < 64; shift *= 2) mask ^= mask << shift;
    mask ^= inside;
    inside = (mask >> 63) != 0 ? ~std::uint64_t{0} : 0;
    return mask;
  }

 private:
  /// The bytes behind the backslashes that are not escaped themselves. Few texts have any.
  std::uint64_t escapes(std::uint64_t backslashes) noexcept {
    std::uint64_t all = escaped;
    escaped = 0;
    for (; backslashes != 0; backslashes &= backslashes - 1) {
      const int at = std::countr_zero(backslashes);
      if ((all >> at & 1) != 0) continue;
      if (at == 63) {
        escaped = 1;
      } else {
        all |= std::uint64_t{2} << at;
      }
    }
    return all;
  }
};

#endif

}  // namespace

#ifdef __SSE2__

const char* json_nested_end(const char* at, const char* end, char close) noexcept {
  Strings strings;
  for (std::size_t depth = 1; at < end; at += 64) {
    Block block(at);
    block.cut_behind(end - at);
    const std::uint64_t covered = strings.cover(block);
    const std::uint64_t broken = (block.control & covered) | (block.backslash & ~covered);
    block.open &= ~covered;
    block.close &= ~covered;
    if ((block.open | block.close) == 0) {
      if (broken != 0) return nullptr;
      continue;
    }
    const auto closing = static_cast<std::size_t>(std::popcount(block.close));
    if (closing < depth) {  // not here, whatever their order
      depth += static_cast<std::size_t>(std::popcount(block.open)) - closing;
    } else {
      std::uint64_t brackets = block.open | block.close;
      for (; brackets != 0; brackets &= brackets - 1) {
        const std::uint64_t bracket = brackets & -brackets;
        depth = (block.open & bracket) != 0 ? depth + 1 : depth - 1;
        if (depth != 0) continue;
        at += std::countr_zero(bracket);
        return (broken & (bracket - 1)) == 0 && *at == close ? at + 1 : nullptr;
      }
    }
    if (broken != 0) return nullptr;
  }
  return nullptr;
}

#else

const char* json_nested_end(const char* at, const char* end, char close) noexcept {
  return json_nested_end_by_words(at, end, close);
}

#endif

const char* json_nested_end_by_words(const char* at, const char* end, char close) noexcept {
  using namespace json_words;
  for (std::size_t depth = 1; at < end;) {
    const std::uint64_t word = load(at);
    const std::uint64_t curly = word | kOnes * 0x20;
    const std::uint64_t found =
        equal(word, '"') | equal(word, '\\') | equal(curly, '{') | equal(curly, '}');
    if (found == 0) {
      at += sizeof word;
      continue;
    }
    at += std::countr_zero(found) / 8;
    if (at >= end) return nullptr;
    const char c = *at++;
    if (c == '\\') return nullptr;
    if (c == '"') {
      at = json_string_end(at, end).end;
      if (at == nullptr) return nullptr;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      return c == close ? at : nullptr;
    }
  }
  return nullptr;
}

}  // namespace kpipe
