// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "common/wire/record.hpp"

namespace kpipe {

/// Reads a line that is as RecordEncoder writes most of them: these members in this order, no
/// spaces, plain numbers, a topic without escapes. False: it is not, which says nothing; ask the
/// general reader. What both read is the same. `line` must have OutBuffer::kPadding readable bytes
/// behind it.
bool read_own_line(std::string_view line, Record& record) noexcept;

}  // namespace kpipe
