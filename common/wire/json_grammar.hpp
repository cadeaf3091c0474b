// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace kpipe {

// The grammar of RFC 8259 and nothing else. JSON libraries refuse texts that it allows, because
// they have no place for the value (1e400, 30 digits); who copies and never converts need not.

/// Section 6: behind the longest number that begins at `at`; nullptr when none does.
const char* json_number_end(const char* at, const char* end) noexcept;

bool is_json_number(std::string_view text) noexcept;

/// One JSON text, nested at most `max_depth` deep. `text` must be valid UTF-8. Escapes of lone
/// surrogates pass (section 8.2 leaves their meaning to the reader). Does not recurse.
bool is_json_text(std::string_view text, std::size_t max_depth);

}  // namespace kpipe
