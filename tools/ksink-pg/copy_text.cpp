// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/copy_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>
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

bool has(std::string_view text, char c) {
  return std::memchr(text.data(), c, text.size()) != nullptr;
}

}  // namespace

std::string_view describe(CellProblem problem) noexcept {
  switch (problem) {
    case CellProblem::none:
      break;
    case CellProblem::nul:
      return "contains U+0000, which PostgreSQL cannot hold in a text";
    case CellProblem::surrogate:
      return "contains half a surrogate pair, which is no character";
    case CellProblem::not_base64:
      return "is not base64";
    case CellProblem::too_deep:
      return "is nested too deeply";
  }
  return "";
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

CellProblem append_copy_string(OutBuffer& out, std::string_view quoted, std::string& scratch) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  // A checked JSON string has no raw control characters, so without a backslash nothing needs an
  // escape.
  if (!has(inner, '\\')) {
    out.append(inner);
    return CellProblem::none;
  }
  scratch.clear();
  if (!append_unescaped(scratch, quoted)) return CellProblem::surrogate;
  if (has(scratch, '\0')) return CellProblem::nul;
  append_copy_text(out, scratch);
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

void append_copy_instant(OutBuffer& out, std::int64_t epoch_ms) {
  using namespace std::chrono;
  // 0001-01-01 and 9999-12-31T23:59:59.999Z
  constexpr std::int64_t first = -62'135'596'800'000;
  constexpr std::int64_t last = 253'402'300'799'999;
  if (epoch_ms < first || epoch_ms > last) {
    out.append_int(epoch_ms);
    return;
  }
  const sys_time<milliseconds> instant{milliseconds{epoch_ms}};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss time{instant - day};
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%03d+00",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  out.append(std::string_view(text.data(), static_cast<std::size_t>(length)));
}

}  // namespace kpipe
