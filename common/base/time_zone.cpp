// SPDX-License-Identifier: Apache-2.0
#include "common/base/time_zone.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = 24 * 3600 * kSecondMs;

/// C has time zones only by way of the environment.
class TzVariable {
 public:
  /// Empty: as it is.
  explicit TzVariable(const std::string& zone) : changed_(!zone.empty()) {
    if (!changed_) return;
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", (":" + zone).c_str(), 1);
    ::tzset();
  }
  TzVariable(const TzVariable&) = delete;
  TzVariable& operator=(const TzVariable&) = delete;
  ~TzVariable() {
    if (!changed_) return;
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

 private:
  bool changed_;
  std::optional<std::string> before_;
};

/// How far east of UTC the clock was at that moment.
std::int64_t offset_at(std::int64_t utc_ms) {
  const auto seconds = static_cast<std::time_t>(utc_ms >= 0 ? utc_ms / kSecondMs
                                                            : (utc_ms - kSecondMs + 1) / kSecondMs);
  std::tm fields{};
  if (::localtime_r(&seconds, &fields) == nullptr) return 0;
  return std::int64_t{fields.tm_gmtoff} * kSecondMs;
}

/// glibc takes a name that it does not know for UTC.
bool is_known_zone(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
  const char* const folder = std::getenv("TZDIR");
  const std::string path =
      std::string(folder == nullptr ? "/usr/share/zoneinfo" : folder) + "/" + name;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> magic{};
  return file.read(magic.data(), magic.size()) &&
         std::string_view(magic.data(), magic.size()) == "TZif";  // RFC 8536
}

std::string offset_text(std::int64_t ms) {
  constexpr std::int64_t minute = 60 * kSecondMs;
  const std::int64_t minutes = (ms < 0 ? -ms : ms) / minute;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%c%02d:%02d", ms < 0 ? '-' : '+',
                static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return text.data();
}

}  // namespace

TimeZone::TimeZone(const std::string& name) : name_(name) {
  const auto epoch = parse_timestamp("1970-01-01T00:00" + name);  // takes Z and +05:30
  if (epoch) {
    fixed_ms_ = -*epoch;
  } else if (name == "UTC") {
    fixed_ms_ = 0;
  } else if (name != "local" && !is_known_zone(name)) {
    throw Error(Exit::usage, "'" + name +
                                 "': no such time zone on this machine; examples: UTC, +05:30, "
                                 "Europe/Berlin, local");
  }
}

std::string TimeZone::to_utc(std::int64_t wall_ms, std::int64_t& utc_ms) const {
  if (fixed_ms_) {
    utc_ms = wall_ms - *fixed_ms_;
    return {};
  }
  const TzVariable tz(name_ == "local" ? "" : name_);
  // Around a change of the clock one of the two offsets, none or both show that time.
  std::set<std::int64_t> moments;
  for (const std::int64_t offset : {offset_at(wall_ms - kDayMs), offset_at(wall_ms + kDayMs)}) {
    if (offset_at(wall_ms - offset) == offset) moments.insert(wall_ms - offset);
  }
  if (moments.empty()) {
    return "the clock of " + name_ + " was put forward and never showed that time";
  }
  utc_ms = *moments.begin();
  if (moments.size() == 1) return {};
  return "the clock of " + name_ + " was put back and showed that time twice: say " +
         offset_text(wall_ms - *moments.begin()) + " or " +
         offset_text(wall_ms - *moments.rbegin()) + " behind it";
}

std::string utc_text(std::int64_t ms) {
  const auto seconds =
      static_cast<std::time_t>(ms >= 0 ? ms / kSecondMs : (ms - kSecondMs + 1) / kSecondMs);
  const std::int64_t rest = ms - std::int64_t{seconds} * kSecondMs;
  std::tm fields{};
  if (::gmtime_r(&seconds, &fields) == nullptr) return std::to_string(ms) + " ms";
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &fields);
  std::string result(text.data(), size);
  if (rest != 0) {
    std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(rest));
    result += text.data();
  }
  return result + "Z";
}

}  // namespace kpipe
