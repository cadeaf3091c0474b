// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_logical.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "common/wire/instant.hpp"

namespace kpipe {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// The digits of the magnitude of a number of more than 8 bytes.
std::string long_digits(std::string_view bytes, bool negative) {
  // Limbs of 32 bits, the lowest first; of a negative number the complement, plus one.
  std::vector<std::uint32_t> limbs((bytes.size() + 3) / 4, 0);
  const std::uint8_t flip = negative ? 0xFF : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint32_t value =
        static_cast<std::uint8_t>(byte_at(bytes, bytes.size() - 1 - i) ^ flip);
    limbs[i / 4] |= value << (i % 4 * 8);
  }
  if (negative) {
    // The magnitude of -2^n needs one limb more.
    limbs.push_back(0);
    for (std::uint32_t& limb : limbs)
      if (++limb != 0) break;
  }
  constexpr std::uint32_t group = 1'000'000'000;
  std::string reversed;
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
  while (!limbs.empty()) {
    std::uint64_t rest = 0;
    for (std::size_t i = limbs.size(); i-- > 0;) {
      rest = rest << 32 | limbs[i];
      limbs[i] = static_cast<std::uint32_t>(rest / group);
      rest %= group;
    }
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    for (int i = 0; i < 9; ++i, rest /= 10) reversed += static_cast<char>('0' + rest % 10);
  }
  while (reversed.ends_with('0')) reversed.pop_back();
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

void append_digits(OutBuffer& out, std::string_view digits, std::uint32_t scale) {
  if (scale == 0) {
    out.append(digits);
  } else if (digits.size() > scale) {
    out.append(digits.substr(0, digits.size() - scale));
    out.append('.');
    out.append(digits.substr(digits.size() - scale));
  } else {
    const std::size_t zeros = scale - digits.size();
    out.append("0.");
    std::memset(out.reserve(zeros), '0', zeros);
    out.advance(zeros);
    out.append(digits);
  }
}

/// "+292278994-08-17" and a time with nanoseconds have room.
constexpr std::size_t longest_time = 64;

constexpr std::array<std::int64_t, 10> powers = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

char* put_fraction(char* at, std::int64_t fraction, int digits) {
  *at++ = '.';
  return put_digits(at, static_cast<std::uint64_t>(fraction), digits);
}

void finish(OutBuffer& out, const char* begin, char* end) {
  *end++ = '"';
  out.advance(static_cast<std::size_t>(end - begin));
}

}  // namespace

void append_decimal(OutBuffer& out, std::string_view bytes, std::uint32_t scale) {
  // Bytes that only repeat the sign are no digits.
  const bool negative = !bytes.empty() && (byte_at(bytes, 0) & 0x80) != 0;
  while (bytes.size() > 8 && byte_at(bytes, 0) == (negative ? 0xFF : 0) &&
         ((byte_at(bytes, 1) & 0x80) != 0) == negative) {
    bytes.remove_prefix(1);
  }
  if (negative) out.append('-');
  if (bytes.size() > 8) {
    append_digits(out, long_digits(bytes, negative), scale);
    return;
  }
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | byte_at(bytes, i);
  char digits[20];
  const char* end = std::to_chars(digits, digits + sizeof digits, negative ? 0 - value : value).ptr;
  append_digits(out, {digits, static_cast<std::size_t>(end - digits)}, scale);
}

void append_date(OutBuffer& out, std::int64_t days) {
  char* const begin = out.reserve(longest_time);
  *begin = '"';
  finish(out, begin, put_date(begin + 1, days));
}

void append_time_of_day(OutBuffer& out, std::int64_t units, int digits) {
  const std::int64_t a_second = powers[static_cast<std::size_t>(digits)];
  if (units < 0 || units >= kSecondsADay * a_second) {
    out.append_int(units);
    return;
  }
  char* const begin = out.reserve(longest_time);
  *begin = '"';
  finish(out, begin, put_fraction(put_time(begin + 1, units / a_second), units % a_second, digits));
}

void append_timestamp(OutBuffer& out, std::int64_t units, int digits, bool local) {
  const auto [seconds, fraction] = floored(units, powers[static_cast<std::size_t>(digits)]);
  char* const begin = out.reserve(longest_time);
  *begin = '"';
  char* at = put_fraction(put_date_time(begin + 1, seconds), fraction, digits);
  if (!local) *at++ = 'Z';
  finish(out, begin, at);
}

void append_duration(OutBuffer& out, const char* bytes) {
  std::size_t at = 0;
  for (const std::string_view name : {"{\"months\":", ",\"days\":", ",\"milliseconds\":"}) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at++])} << (8 * i);
    out.append(name);
    out.append_int(value);
  }
  out.append('}');
}

void append_uuid(OutBuffer& out, const char* bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  char* const begin = out.reserve(38);
  char* at = begin;
  *at++ = '"';
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    *at++ = hex[byte >> 4];
    *at++ = hex[byte & 15];
  }
  finish(out, begin, at);
}

}  // namespace kpipe
