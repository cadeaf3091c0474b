// SPDX-License-Identifier: Apache-2.0
#include "common/base/parse.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace kpipe {
namespace {

std::optional<std::int64_t> duration_ms(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

TEST(BaseParseInt, takes_whole_numbers_only) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-7"), -7);
  EXPECT_EQ(parse_int("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "9223372036854775808",
                          "-9223372036854775809", "--1", "-", "1,000", "one"}) {
    EXPECT_FALSE(parse_int(bad)) << bad;
  }
}

TEST(BaseParseSize, knows_both_kinds_of_units) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("65536"), 65536U);
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("64K"), 65536U);
  EXPECT_EQ(parse_size("64kB"), 64000U);
  EXPECT_EQ(parse_size("64KB"), 64000U);
  EXPECT_EQ(parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(parse_size("16MiB"), 16U << 20);
  EXPECT_EQ(parse_size("1G"), 1U << 30);
  EXPECT_EQ(parse_size("2GB"), 2'000'000'000U);
  EXPECT_EQ(parse_size("1.5GiB"), 3U << 29);
}

TEST(BaseParseSize, refuses_what_is_no_size) {
  for (const char* bad : {"",
                          "KiB",
                          "-1",
                          "+1",
                          "1 KiB",
                          " 1",
                          "1KiBs",
                          "1kib",
                          "1TiB",
                          "1e3",
                          "0x10",
                          "nan",
                          "inf",
                          "1..5K",
                          "1.",
                          "1.K",
                          ".5K",
                          "9999999999999999999",
                          "99999999999G",
                          "1K5"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  EXPECT_FALSE(parse_size(std::string(400, '9')));
}

TEST(BaseParseDuration, takes_units_and_iso_8601) {
  EXPECT_EQ(duration_ms("250ms"), 250);
  EXPECT_EQ(duration_ms("30s"), 30'000);
  EXPECT_EQ(duration_ms("5m"), 300'000);
  EXPECT_EQ(duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(duration_ms("2d"), 172'800'000);
  EXPECT_EQ(duration_ms("1m500ms"), 60'500);
  EXPECT_EQ(duration_ms("1d2h3m4s5ms"), 93'784'005);
  EXPECT_EQ(duration_ms("0"), 0);
  EXPECT_EQ(duration_ms("3"), 3'000);
  EXPECT_EQ(duration_ms("0.5"), 500);
  EXPECT_EQ(duration_ms("1.5h"), 5'400'000);
  EXPECT_EQ(duration_ms("PT1H30M"), 5'400'000);
  EXPECT_EQ(duration_ms("P1DT2H"), 93'600'000);
  EXPECT_EQ(duration_ms("PT0.25S"), 250);
  EXPECT_EQ(duration_ms("P2D"), 172'800'000);
}

TEST(BaseParseDuration, refuses_slips) {
  for (const char* bad : {"",
                          "s",
                          "-1s",
                          "+1s",
                          "1 s",
                          "1s ",
                          "1m30h",
                          "1s1s",
                          "1h30",
                          "30x",
                          "1M",
                          "1H",
                          "5min",
                          "P",
                          "PT",
                          "P1H",
                          "P1M",
                          "PT1D",
                          "P1Y",
                          "P1W",
                          "pt1h",
                          "PT1S1H",
                          "PT1H1H",
                          "P1DT",
                          "1.",
                          "1.s",
                          "PT1.S",
                          "1e3",
                          "nan",
                          "inf",
                          "99999999999999999999d",
                          "101y",
                          "40000d"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(BaseParseTimestamp, takes_zones_dates_and_epochs) {
  constexpr std::int64_t november = 1793491200000;  // 2026-11-01T00:00:00Z
  EXPECT_EQ(parse_timestamp("2026-11-01T00:00:00Z"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01T00:00Z"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01t00:00z"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01 00:00:00Z"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01T05:30:00+05:30"), november);
  EXPECT_EQ(parse_timestamp("2026-10-31T16:00:00-08:00"), november);
  EXPECT_EQ(parse_timestamp("2026-11-01T00:00:00.25Z"), november + 250);
  EXPECT_EQ(parse_timestamp("2026-11-01T00:00:00.123456789Z"), november + 123);
  EXPECT_EQ(parse_timestamp("1793491200"), november);
  EXPECT_EQ(parse_timestamp("1793491200123"), november + 123);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59Z"), -1000);
  EXPECT_EQ(parse_timestamp("2024-02-29"), 1709164800000);
  EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), 1483228800000) << "a leap second";
}

TEST(BaseParseTimestamp, refuses_what_could_mean_two_things) {
  for (const char* bad : {"",
                          "now",
                          "2026-11-01T00:00",
                          "2026-11-01T00:00:00",
                          "2026-11-01Z",
                          "2026-02-29",
                          "2026-13-01",
                          "2026-00-01",
                          "2026-01-00",
                          "2026-1-1",
                          "26-11-01",
                          "01.11.2026",
                          "2026-11-01T24:00Z",
                          "2026-11-01T00:60Z",
                          "2026-11-01T00:00:61Z",
                          "2026-11-01T0:00Z",
                          "2026-11-01T00:00:5Z",
                          "2026-11-01T00:00:005Z",
                          "2026-11-01T00:00:00.Z",
                          "2026-11-01T00:00+0530",
                          "2026-11-01T00:00+05",
                          "2026-11-01T00:00+24:00",
                          "2026-11-01T00:00+05:60",
                          "2026-11-01T00:00Zjunk",
                          "2026-11-01X00:00Z",
                          "-1793491200",
                          "-179349120",
                          "179349120",
                          "17934912001",
                          "17934912001234",
                          "1793491200.5",
                          "2026/11/01"}) {
    EXPECT_FALSE(parse_timestamp(bad)) << bad;
  }
}

/// No bytes crash a reader, and none of them reads past the end (under asan).
TEST(BaseParse, survives_garbage) {
  std::mt19937 random(7);
  constexpr std::string_view likely = "0123456789.:-+TZPHMSDKiBmshd eE";
  for (int round = 0; round < 200'000; ++round) {
    std::vector<char> exact(random() % 24);
    for (char& c : exact) {
      c = random() % 8 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
    }
    const std::string_view text(exact.data(), exact.size());
    static_cast<void>(parse_int(text));
    static_cast<void>(parse_size(text));
    static_cast<void>(parse_duration(text));
    static_cast<void>(parse_timestamp(text));
  }
}

}  // namespace
}  // namespace kpipe
