// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kpipe {

/// Whose clock a date-time without a zone was read from.
class TimeZone {
 public:
  /// "UTC", "+05:30", an IANA name ("Europe/Berlin", by the system's zoneinfo) or "local" ($TZ, or
  /// the machine's). Throws Error(usage).
  explicit TimeZone(const std::string& name);

  /// `wall_ms` is what the clock shows, in ms since the epoch as if it were UTC's; `utc_ms` the
  /// moment meant. Empty on success, otherwise the reason for people: the clock was put forward and
  /// never showed that, or put back and showed it twice. Changes the process's TZ for its duration:
  /// call it before there are threads.
  std::string to_utc(std::int64_t wall_ms, std::int64_t& utc_ms) const;

 private:
  std::string name_;
  std::optional<std::int64_t> fixed_ms_;  ///< east of UTC, the same at all times
};

/// "2026-11-01T00:00:00Z", with milliseconds where there are some.
std::string utc_text(std::int64_t ms);

}  // namespace kpipe
