// SPDX-License-Identifier: Apache-2.0
#include "common/wire/instant.hpp"

#include <charconv>

namespace kpipe {

char* put_digits(char* at, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + width;
}

char* put_date(char* at, std::int64_t days) {
  // Years begin in March here, so that the leap day is a year's last; 400 years are 146,097 days.
  const auto [era, day_of_era] = floored(days + 719'468, 146'097);
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  if (year < 0) *at++ = '-';
  if (year > 9999) *at++ = '+';
  const auto magnitude = static_cast<std::uint64_t>(year < 0 ? -year : year);
  at = magnitude > 9999 ? std::to_chars(at, at + 20, magnitude).ptr : put_digits(at, magnitude, 4);
  *at++ = '-';
  at = put_digits(at, static_cast<std::uint64_t>(month), 2);
  *at++ = '-';
  return put_digits(at, static_cast<std::uint64_t>(day), 2);
}

char* put_time(char* at, std::int64_t second_of_day) {
  const auto second = static_cast<std::uint64_t>(second_of_day);
  at = put_digits(at, second / 3600, 2);
  *at++ = ':';
  at = put_digits(at, second / 60 % 60, 2);
  *at++ = ':';
  return put_digits(at, second % 60, 2);
}

char* put_date_time(char* at, std::int64_t seconds) {
  const auto [day, second_of_day] = floored(seconds, kSecondsADay);
  at = put_date(at, day);
  *at++ = 'T';
  return put_time(at, second_of_day);
}

bool append_rfc3339(OutBuffer& out, std::int64_t ms_since_epoch) {
  const auto [seconds, ms] = floored(ms_since_epoch, 1'000);
  if (seconds < kFirstSecond || seconds > kLastSecond) return false;
  char* const begin = out.reserve(32);
  char* at = put_date_time(begin, seconds);
  *at++ = '.';
  at = put_digits(at, static_cast<std::uint64_t>(ms), 3);
  *at++ = 'Z';
  out.advance(static_cast<std::size_t>(at - begin));
  return true;
}

}  // namespace kpipe
