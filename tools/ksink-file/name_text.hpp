// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kpipe {

// Text of a record (its topic, key, a header, a field) as a part of a file name. The result holds
// only letters, digits, '_', '-', '.', '%' and '~', never begins with '.', and differs for
// different texts; so no record can leave the folder, hide a file or take another's name.
// - every other byte is %XX, as in URLs (RFC 3986 section 2.1), and so is a '.' in front;
// - nothing at all is __empty__; a text that reads like one of our words gets its first byte as
//   %5F;
// - what becomes longer than kMaxTextName is its beginning, "%~" and the SHA-256 of the text. '~'
// is
//   %7E in every other name.

inline constexpr std::size_t kMaxTextName = 100;

/// For what a record does not have: no key, no such header or field, a JSON null, no timestamp.
inline constexpr std::string_view kNullName = "__null__";
inline constexpr std::string_view kEmptyName = "__empty__";

/// At most kMaxTextName bytes, never empty.
std::string name_of_text(std::string_view text);

}  // namespace kpipe
