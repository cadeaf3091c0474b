// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace kpipe {

// JSON texts of what Avro's logical types mean. Nothing is rounded.

/// A larger decimal is refused: turning n bytes into digits takes n*n steps.
inline constexpr std::size_t kMaxDecimalBytes = 4096;

/// A JSON number with `scale` digits behind its point, of a big-endian number in two's complement
/// of at most kMaxDecimalBytes. No bytes are 0.
void append_decimal(OutBuffer& out, std::string_view bytes, std::uint32_t scale);

/// "2026-11-21" of days since 1970-01-01, in the proleptic Gregorian calendar. Years beyond those
/// of RFC 3339 are written as ISO 8601 has it and java.time prints them: "+10000-01-01",
/// "-0001-12-31" (the year before 0000, which is 1 BC).
void append_date(OutBuffer& out, std::int64_t days);

/// "12:34:56.789" of units of 10^-digits s since midnight; the number itself when it is outside a
/// day, which has no clock's time.
void append_time_of_day(OutBuffer& out, std::int64_t units, int digits);

/// "2026-11-21T12:34:56.789Z" of units of 10^-digits s since the epoch; without the Z when `local`.
/// Years as in append_date().
void append_timestamp(OutBuffer& out, std::int64_t units, int digits, bool local);

/// {"months":1,"days":2,"milliseconds":3} of 12 bytes: three little-endian numbers.
void append_duration(OutBuffer& out, const char* bytes);

/// "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63" of 16 bytes.
void append_uuid(OutBuffer& out, const char* bytes);

}  // namespace kpipe
