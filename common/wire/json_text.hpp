// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace kpipe {

bool is_valid_utf8(std::string_view bytes) noexcept;

/// A JSON string with its quotes; `text` must be valid UTF-8. Control characters are escaped,
/// everything else is copied (RFC 8259 section 7).
void append_json_string(OutBuffer& out, std::string_view text);

/// The same of bytes that may be no text: false, with nothing appended, when they are not UTF-8.
bool append_json_text(OutBuffer& out, std::string_view bytes);

/// The shortest number that reads back the same, or "NaN", "Infinity", "-Infinity" as strings,
/// which JSON has no numbers for.
void append_json_number(OutBuffer& out, double value);
void append_json_number(OutBuffer& out, float value);

/// Arbitrary bytes, nothing lost: a JSON string when they are valid UTF-8, {"base64":"..."}
/// otherwise.
void append_json_bytes(OutBuffer& out, std::string_view bytes);

/// {"base64":"..."} whatever the bytes are.
void append_json_base64(OutBuffer& out, std::string_view bytes);

/// RFC 4648 section 4, with padding.
void append_base64(OutBuffer& out, std::string_view bytes);

/// Appends the decoded bytes. False when `text` is not base64 (padding may be missing).
bool append_base64_decoded(std::string& out, std::string_view text);

}  // namespace kpipe
