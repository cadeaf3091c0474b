// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/utc_format.hpp"

#include <algorithm>
#include <ctime>

#include "common/wire/instant.hpp"

namespace kpipe {
namespace {

void append_digits(std::string& text, int value, int width) {
  char digits[8];
  text.append(digits, put_digits(digits, static_cast<std::uint64_t>(value), width));
}

void append(std::string& text, char conversion, const std::tm& time) {
  constexpr int first_year = 1900;
  switch (conversion) {
    case 'Y':
      append_digits(text, time.tm_year + first_year, 4);
      break;
    case 'm':
      append_digits(text, time.tm_mon + 1, 2);
      break;
    case 'd':
      append_digits(text, time.tm_mday, 2);
      break;
    case 'H':
      append_digits(text, time.tm_hour, 2);
      break;
    case 'M':
      append_digits(text, time.tm_min, 2);
      break;
    case 'S':
      append_digits(text, time.tm_sec, 2);
      break;
    case 'j':
      append_digits(text, time.tm_yday + 1, 3);
      break;
    default:
      break;
  }
}

/// How long what a conversion shows stays the same; 0: no such conversion.
std::int64_t unit_of(char conversion) {
  switch (conversion) {
    case 'Y':
    case 'm':
    case 'd':
    case 'j':
      return kSecondsADay;
    case 'H':
      return 3600;
    case 'M':
      return 60;
    case 'S':
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::optional<UtcFormat> UtcFormat::parse(std::string_view text) {
  std::string whole;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_date = text.substr(i, 2) == "%F";
    whole += is_date ? "%Y-%m-%d" : std::string(1, text[i]);
    if (is_date) ++i;
  }
  UtcFormat format(whole);
  bool shows_time = false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] != '%') continue;
    const std::int64_t unit = i + 1 < whole.size() ? unit_of(whole[i + 1]) : 0;
    if (unit == 0) return std::nullopt;
    format.unit_s_ = std::min(format.unit_s_, unit);
    shows_time = true;
    ++i;
  }
  if (!shows_time) return std::nullopt;
  return format;
}

std::optional<std::string_view> UtcFormat::format(std::int64_t ms_since_epoch) {
  const std::int64_t seconds = floored(ms_since_epoch, 1000).quotient;
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  const std::int64_t unit = floored(seconds, unit_s_).quotient;
  if (last_ == unit) return last_text_;
  last_ = unit;
  const std::time_t moment = seconds;
  std::tm time{};
  ::gmtime_r(&moment, &time);
  last_text_.clear();
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '%') {
      append(last_text_, text_[++i], time);
    } else {
      last_text_ += text_[i];
    }
  }
  return last_text_;
}

}  // namespace kpipe
