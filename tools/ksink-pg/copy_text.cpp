// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/copy_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "common/wire/json_reader.hpp"

namespace kpipe {
namespace {

/// For each byte the letter of its escape, or 0.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  table['\\'] = '\\';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\r'] = 'r';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

constexpr std::string_view kReplacement = "\uFFFD";

bool has(std::string_view text, char c) {
  return std::memchr(text.data(), c, text.size()) != nullptr;
}

/// Of the hexadecimal digits behind a \u; kNoUnit when there are not four.
constexpr unsigned kNoUnit = 0x10000;
unsigned code_unit(std::string_view digits) {
  unsigned unit = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, unit, 16);
  return digits.size() == 4 && at == end && error == std::errc() ? unit : kNoUnit;
}
constexpr bool is_high_surrogate(unsigned unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low_surrogate(unsigned unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// \u, which may also be the end of an escaped backslash and a letter. By words: JSON in a string
/// is full of other backslashes, and stopping at each would cost as much as copying the text.
bool has_unicode_escape(std::string_view json) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  std::size_t i = std::min(json.find('\\'), json.size());
  std::uint64_t bytes = 0;
  std::uint64_t next = 0;
  for (; i + sizeof bytes < json.size(); i += sizeof bytes) {
    std::memcpy(&bytes, json.data() + i, sizeof bytes);
    std::memcpy(&next, json.data() + i + 1, sizeof next);
    const std::uint64_t zero_if_both = (bytes ^ ones * '\\') | (next ^ ones * 'u');
    if (((zero_if_both - ones) & ~zero_if_both & (ones << 7)) != 0) return true;
  }
  return json.substr(i).find("\\u") != std::string_view::npos;
}

constexpr std::size_t kEscapeSize = std::string_view("\\u0000").size();

}  // namespace

std::string_view describe(CellProblem problem) noexcept {
  switch (problem) {
    case CellProblem::none:
      break;
    case CellProblem::nul:
      return "contains U+0000, which PostgreSQL cannot hold in a text or in JSON";
    case CellProblem::surrogate:
      return "contains half a surrogate pair, which is no character";
    case CellProblem::not_base64:
      return "is not base64";
    case CellProblem::too_deep:
      return "is nested too deeply";
    case CellProblem::no_instant:
      return "is a number, but not one of whole milliseconds since 1970 in the years 1 to 9999";
    case CellProblem::no_time:
      return "is a number, which PostgreSQL would read as digits of hours, minutes and seconds";
    case CellProblem::no_array:
      return "is an object, and the column an array";
  }
  return "";
}

std::string_view remedy(CellProblem problem) noexcept {
  return problem == CellProblem::nul
             ? "Leave it out (--nul strip), put U+FFFD in its place (--nul replace), or correct it "
               "in a filter (jq)"
             : "Correct it in a filter (jq)";
}

bool apply_nul_policy(std::string& text, NulPolicy nul) {
  std::size_t at = text.find('\0');
  if (at == std::string::npos) return true;
  switch (nul) {
    case NulPolicy::reject:
      return false;
    case NulPolicy::strip:
      std::erase(text, '\0');
      break;
    case NulPolicy::replace:
      for (; at != std::string::npos; at = text.find('\0', at)) text.replace(at, 1, kReplacement);
      break;
  }
  return true;
}

CellProblem unescape_text(std::string& text, std::string_view quoted, NulPolicy nul) {
  text.clear();
  if (!append_unescaped(text, quoted)) return CellProblem::surrogate;
  return apply_nul_policy(text, nul) ? CellProblem::none : CellProblem::nul;
}

void append_copy_text(OutBuffer& out, std::string_view bytes) {
  std::size_t run = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char escape = kEscapes[static_cast<unsigned char>(bytes[i])];
    if (escape == 0) continue;
    out.append(bytes.substr(run, i - run));
    out.append('\\');
    out.append(escape);
    run = i + 1;
  }
  out.append(bytes.substr(run));
}

CellProblem append_copy_string(OutBuffer& out, std::string_view quoted, NulPolicy nul,
                               std::string& scratch) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  // A checked JSON string has no raw control characters, so without a backslash nothing needs an
  // escape.
  if (!has(inner, '\\')) {
    out.append(inner);
    return CellProblem::none;
  }
  const CellProblem problem = unescape_text(scratch, quoted, nul);
  if (problem == CellProblem::none) append_copy_text(out, scratch);
  return problem;
}

CellProblem hold_json(std::string_view& json, NulPolicy nul, std::string& scratch) {
  // Most texts have no \u, not even those that are full of backslashes (JSON in a string).
  if (!has_unicode_escape(json)) return CellProblem::none;
  // Backslashes are inside strings, so neither the first character nor the last.
  std::size_t copied = 0;
  for (std::size_t at = json.find('\\'); at != json.npos; at = json.find('\\', at)) {
    if (json[at + 1] != 'u') {
      at += 2;
      continue;
    }
    const unsigned unit = code_unit(json.substr(at + 2, 4));
    if (unit == 0) {
      if (nul == NulPolicy::reject) return CellProblem::nul;
      if (copied == 0) scratch.clear();
      scratch.append(json, copied, at - copied);
      if (nul == NulPolicy::replace) scratch.append(kReplacement);
      copied = at + kEscapeSize;
    } else if (is_high_surrogate(unit)) {
      at += kEscapeSize;
      const std::string_view next = json.substr(std::min(at, json.size()), kEscapeSize);
      if (!next.starts_with("\\u") || !is_low_surrogate(code_unit(next.substr(2))))
        return CellProblem::surrogate;
    } else if (is_low_surrogate(unit)) {
      return CellProblem::surrogate;
    }
    at += kEscapeSize;
  }
  if (copied > 0) {
    scratch.append(json, copied);
    json = scratch;
  }
  return CellProblem::none;
}

void append_copy_hex(OutBuffer& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.append("\\\\x");
  char* to = out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
  out.advance(2 * bytes.size());
}

}  // namespace kpipe
