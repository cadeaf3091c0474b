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
  no_instant,  ///< a number that is no moment
  no_time,     ///< a number for a time of day
  no_array,    ///< an object for an array; {} would pass for an empty one
};

/// For people: "contains U+0000, ...". What to do about it: "Correct it in a filter (jq)".
std::string_view describe(CellProblem problem) noexcept;
std::string_view remedy(CellProblem problem) noexcept;

/// What becomes of U+0000 in a text (--nul).
enum class NulPolicy : std::uint8_t { reject, strip, replace };

/// False if the policy rejects the text; afterwards it holds no U+0000 otherwise.
bool apply_nul_policy(std::string& text, NulPolicy nul);

/// A field's bytes, escaped.
void append_copy_text(OutBuffer& out, std::string_view bytes);

/// The characters of a JSON string (given with its quotes), as PostgreSQL can hold them.
CellProblem unescape_text(std::string& text, std::string_view quoted, NulPolicy nul);

/// The text of a JSON string (given with its quotes). On a problem `out` is unspecified behind its
/// old end. `scratch` is reused between calls.
CellProblem append_copy_string(OutBuffer& out, std::string_view quoted, NulPolicy nul,
                               std::string& scratch);

/// Makes a checked JSON text one that json and jsonb can hold, names and all: jsonb refuses
/// \u0000 and half surrogate pairs; json takes them, and then fails every query that looks into the
/// value (PostgreSQL manual, "JSON Types"). Afterwards `json` is as it was, or a view of `scratch`.
CellProblem hold_json(std::string_view& json, NulPolicy nul, std::string& scratch);

/// Bytes for bytea's input function: \x and hexadecimal digits.
void append_copy_hex(OutBuffer& out, std::string_view bytes);

}  // namespace kpipe
