// SPDX-License-Identifier: Apache-2.0
#include "common/base/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace kpipe {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

/// Splits a leading decimal number off `text`.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end[-1] == '.') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::chrono::milliseconds> to_ms(double ms) {
  constexpr double century = 100.0 * 366 * 86400 * 1000;
  if (!(ms >= 0) || ms > century) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(ms)));
}

/// Exactly `digits` decimal digits.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

/// Numbers with these units, each at most once and falling ("1h30m"), so that a slip like "1m30h"
/// is not taken for a plan.
template <std::size_t N>
std::optional<double> parse_units(std::string_view text, const std::array<Unit, N>& units) {
  double sum = 0;
  double last_factor = std::numeric_limits<double>::infinity();
  do {
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    const auto unit =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return take(text, u.name); });
    if (unit == units.end() || unit->factor >= last_factor) return std::nullopt;
    last_factor = unit->factor;
    sum += *value * unit->factor;
  } while (!text.empty());
  return sum;
}

/// ISO 8601 after the "P": days before the "T", hours, minutes and seconds after it.
std::optional<std::chrono::milliseconds> parse_iso_duration(std::string_view text) {
  static constexpr std::array<Unit, 1> date_units{{{"D", 86400e3}}};
  static constexpr std::array<Unit, 3> time_units{{{"H", 3600e3}, {"M", 60e3}, {"S", 1e3}}};
  const std::size_t t = std::min(text.find('T'), text.size());
  const bool has_date = t > 0 || text.empty();
  const auto days = has_date ? parse_units(text.substr(0, t), date_units) : 0.0;
  const auto time = t < text.size() ? parse_units(text.substr(t + 1), time_units) : 0.0;
  return days && time ? to_ms(*days + *time) : std::nullopt;
}

/// "Z", "+05:30" or "-08:00" as minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (take(text, "Z") || take(text, "z")) return 0;
  const int sign = text.starts_with('+') ? 1 : text.starts_with('-') ? -1 : 0;
  if (sign == 0) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

constexpr std::int64_t kMinuteMs = 60'000;

/// "2026-11-01", and "T12:00", "T12:00:00" or "T12:00:00.5" if that follows: ms since the epoch if
/// the clock is UTC's.
std::optional<std::int64_t> take_wall_time(std::string_view& text, bool& has_time) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight = std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::sys_days(date).time_since_epoch())
                                    .count();
  has_time = take(text, "T") || take(text, "t") || take(text, " ");
  if (!has_time) return midnight;

  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute) return std::nullopt;
  double seconds = 0;
  if (take(text, ":")) {
    const bool two_digits = text.size() > 1 && text[1] >= '0' && text[1] <= '9' &&
                            !(text.size() > 2 && text[2] >= '0' && text[2] <= '9');
    const auto value = take_number(text);
    if (!value || !two_digits) return std::nullopt;
    seconds = *value;
  }
  if (*hour > 23 || *minute > 59 || seconds >= 61) return std::nullopt;
  return midnight + (std::int64_t{*hour} * 60 + *minute) * kMinuteMs +
         static_cast<std::int64_t>(std::llround(seconds * 1000));
}

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) {
  std::int64_t value = 0;
  // Three numbers of each record line come here, and none is long or signed.
  constexpr std::size_t cannot_overflow = 18;
  if (!text.empty() && text.size() <= cannot_overflow) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
      const auto digit = static_cast<unsigned char>(text[at] - '0');
      if (digit > 9) break;
      value = value * 10 + digit;
    }
    if (at == text.size()) return value;
    value = 0;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 12> units{{{"", 1},
                                               {"B", 1},
                                               {"KiB", 1024.0},
                                               {"MiB", 1048576.0},
                                               {"GiB", 1073741824.0},
                                               {"KB", 1e3},
                                               {"kB", 1e3},
                                               {"MB", 1e6},
                                               {"GB", 1e9},
                                               {"K", 1024.0},
                                               {"M", 1048576.0},
                                               {"G", 1073741824.0}}};
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  for (const Unit& unit : units) {
    if (text != unit.name) continue;
    const double bytes = *value * unit.factor;
    if (bytes > static_cast<double>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (take(text, "P")) return parse_iso_duration(text);
  static constexpr std::array<Unit, 5> units{
      {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
  std::string_view bare = text;
  if (const auto seconds = take_number(bare); seconds && bare.empty()) return to_ms(*seconds * 1e3);
  const auto ms = parse_units(text, units);
  return ms ? to_ms(*ms) : std::nullopt;
}

std::optional<std::int64_t> parse_wall_time(std::string_view text) {
  bool has_time = false;
  const auto wall = take_wall_time(text, has_time);
  return text.empty() ? wall : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  if (text.size() == 10 || text.size() == 13) {
    if (const auto epoch = parse_int(text); epoch && *epoch >= 0) {
      return text.size() == 10 ? *epoch * 1000 : *epoch;
    }
  }
  bool has_time = false;
  const auto wall = take_wall_time(text, has_time);
  if (!wall) return std::nullopt;
  const auto zone = has_time ? take_zone(text) : 0;
  if (!zone || !text.empty()) return std::nullopt;
  return *wall - std::int64_t{*zone} * kMinuteMs;
}

}  // namespace kpipe
