// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kpipe {

// Strict readers of what people type: the whole text must parse, otherwise nullopt, and the caller
// names the option and shows a right value. A typo must never move a group to offset 0.

std::optional<std::int64_t> parse_int(std::string_view text);

/// "65536", "64KiB", "10MB", "1GiB": bytes. KiB and K (as dd has it) are 1024, kB and KB are 1000.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "250ms", "30s", "5m", "1h30m", "2d", ISO 8601 "PT1H30M" / "P1DT2H"; a bare number is seconds
/// (as in `batch_timeout=3`), and may have a fraction ("0.5").
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// RFC 3339 date-time with zone, "2026-11-01" (UTC midnight), or an epoch in seconds (10 digits) or
/// milliseconds (13 digits). The result is ms since the epoch. A date-time without a zone is
/// refused: whose clock would it be?
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// A date or a date-time WITHOUT a zone, as ms since the epoch if its clock were UTC's: for
/// TimeZone::to_utc().
std::optional<std::int64_t> parse_wall_time(std::string_view text);

}  // namespace kpipe
