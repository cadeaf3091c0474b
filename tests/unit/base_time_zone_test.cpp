// SPDX-License-Identifier: Apache-2.0
#include "common/base/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/parse.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;

std::string moment(const std::string& zone, const std::string& wall) {
  std::int64_t utc = 0;
  const std::string reason = TimeZone(zone).to_utc(*parse_wall_time(wall), utc);
  return reason.empty() ? utc_text(utc) : reason;
}

TEST(BaseTimeZone, fixedOffsets) {
  EXPECT_EQ(moment("UTC", "2026-11-01T00:00"), "2026-11-01T00:00:00Z");
  EXPECT_EQ(moment("Z", "2026-11-01"), "2026-11-01T00:00:00Z");
  EXPECT_EQ(moment("+05:30", "2026-11-01T00:00:00.25"), "2026-10-31T18:30:00.250Z");
  EXPECT_EQ(moment("-08:00", "1969-12-31T15:59:59.5"), "1969-12-31T23:59:59.500Z");
}

TEST(BaseTimeZone, namesOfPlaces) {
  EXPECT_EQ(moment("Europe/Berlin", "2026-07-01T12:00"), "2026-07-01T10:00:00Z");
  EXPECT_EQ(moment("Europe/Berlin", "2026-12-01T12:00"), "2026-12-01T11:00:00Z");
  EXPECT_EQ(moment("Asia/Kolkata", "2026-11-01T05:30"), "2026-11-01T00:00:00Z");
  EXPECT_EQ(moment("America/Los_Angeles", "2026-10-31"), "2026-10-31T07:00:00Z");
}

TEST(BaseTimeZone, clocksPutForwardAndBack) {
  EXPECT_EQ(moment("Europe/Berlin", "2026-03-29T01:59:59"), "2026-03-29T00:59:59Z");
  EXPECT_TRUE(contains(moment("Europe/Berlin", "2026-03-29T02:30"), "never showed that time"));
  EXPECT_EQ(moment("Europe/Berlin", "2026-03-29T03:00"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(moment("Europe/Berlin", "2026-10-25T01:59"), "2026-10-24T23:59:00Z");
  EXPECT_TRUE(contains(moment("Europe/Berlin", "2026-10-25T02:30"), "twice: say +02:00 or +01:00"));
  EXPECT_EQ(moment("Europe/Berlin", "2026-10-25T03:00"), "2026-10-25T02:00:00Z");
}

TEST(BaseTimeZone, localIsTheProcesssOwnAndStaysAsItWas) {
  const char* const was = std::getenv("TZ");
  const std::string before = was == nullptr ? "" : was;
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  EXPECT_EQ(moment("Europe/Berlin", "2026-12-01T12:00"), "2026-12-01T11:00:00Z");
  EXPECT_EQ(moment("local", "2026-12-01T12:00"), "2026-12-01T03:00:00Z");
  EXPECT_STREQ(std::getenv("TZ"), "Asia/Tokyo");
  before.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before.c_str(), 1);
  ::tzset();
}

TEST(BaseTimeZone, refusesNamesThatNobodyHas) {
  for (const char* bad : {"", "Berlin", "Europe/Atlantis", "../zoneinfo/UTC", "/etc/localtime",
                          "zone.tab", "Europe", "+5", "5", "UTC+1", "europe/berlin"}) {
    EXPECT_TRUE(
        contains(unit::expect_error(Exit::usage, [&] { TimeZone zone(bad); }), "no such time zone"))
        << bad;
  }
}

}  // namespace
}  // namespace kpipe
