// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/out_buffer.hpp"

namespace kpipe {

/// `quotient` times the divisor, plus `rest`, which is never negative.
struct Floored {
  std::int64_t quotient;
  std::int64_t rest;
};

constexpr Floored floored(std::int64_t value, std::int64_t by) {
  const std::int64_t rest = value % by;
  return rest < 0 ? Floored{value / by - 1, rest + by} : Floored{value / by, rest};
}

inline constexpr std::int64_t kSecondsADay = 86'400;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what RFC 3339 can show.
inline constexpr std::int64_t kFirstSecond = -62'135'596'800;
inline constexpr std::int64_t kLastSecond = 253'402'300'799;

// Dates and times, in pieces: each writes at `at` and returns what follows, as std::to_chars does.

/// The last `width` digits of `value`, with zeros before it.
char* put_digits(char* at, std::uint64_t value, int width);

/// "2026-11-21" of days since 1970-01-01 in the proleptic Gregorian calendar. Years beyond those of
/// RFC 3339 as ISO 8601 has them and java.time prints them: "+10000-01-01", "-0001-12-31" (the year
/// before 0000, which is 1 BC). At most 26 bytes.
char* put_date(char* at, std::int64_t days);

/// "12:34:56" of seconds since midnight.
char* put_time(char* at, std::int64_t second_of_day);

/// "2026-11-21T12:34:56" of seconds since the epoch. At most 35 bytes.
char* put_date_time(char* at, std::int64_t seconds);

/// Appends a moment as RFC 3339 has it, in UTC and to the millisecond, without quotes:
/// 2026-11-01T00:00:00.000Z. False, with nothing appended, before the year 1 and after 9999, which
/// have no such text.
bool append_rfc3339(OutBuffer& out, std::int64_t ms_since_epoch);

}  // namespace kpipe
