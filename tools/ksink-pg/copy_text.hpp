// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace kpipe {

// COPY's text format (PostgreSQL manual, "COPY", File Formats): tab between fields, \N for NULL,
// backslash escapes for backslash, tab, line feed and carriage return.

inline constexpr std::string_view kCopyNull = "\\N";

/// Why a value cannot be a field.
enum class CellProblem : std::uint8_t {
  none,
  nul,         ///< U+0000: no text of PostgreSQL can hold it
  surrogate,   ///< a \uD800-\uDFFF escape without its other half: no character
  not_base64,  ///< {"base64":...} of something else
  too_deep,    ///< nested deeper than a reader allows
};

/// For people: "contains U+0000, which PostgreSQL's text cannot hold".
std::string_view describe(CellProblem problem) noexcept;

/// A field's bytes, escaped.
void append_copy_text(OutBuffer& out, std::string_view bytes);

/// The text of a JSON string (given with its quotes). On a problem `out` is unspecified behind its
/// old end. `scratch` is reused between calls.
CellProblem append_copy_string(OutBuffer& out, std::string_view quoted, std::string& scratch);

/// Bytes for bytea's input function: \x and hexadecimal digits.
void append_copy_hex(OutBuffer& out, std::string_view bytes);

/// An instant, given in ms since the epoch, for timestamp and timestamptz: "2026-11-01
/// 00:00:00.123+00". Years outside 1 to 9999 are left as the number, which PostgreSQL refuses with
/// a clear message.
void append_copy_instant(OutBuffer& out, std::int64_t epoch_ms);

}  // namespace kpipe
