// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "common/kafka/offset_spec.hpp"

namespace kpipe {
namespace {

using Kind = OffsetSpec::Kind;
constexpr std::int64_t now = 1'800'000'000'000;

OffsetSpec parsed(std::string_view text, OffsetGrammar grammar) {
  OffsetSpec spec{Kind::none, -1};
  EXPECT_EQ(parse_offset_spec(text, grammar, now, spec), "") << text;
  return spec;
}
OffsetSpec from(std::string_view text) {
  return parsed(text, OffsetGrammar::from);
}
OffsetSpec to(std::string_view text) {
  return parsed(text, OffsetGrammar::to);
}

std::string refused(std::string_view text, OffsetGrammar grammar) {
  OffsetSpec spec;
  const std::string reason = parse_offset_spec(text, grammar, now, spec);
  EXPECT_NE(reason, "") << text;
  return reason;
}

TEST(OffsetSpecParse, words) {
  for (const OffsetGrammar grammar : {OffsetGrammar::from, OffsetGrammar::to}) {
    for (const char* text : {"earliest", "beginning", "start"})
      EXPECT_EQ(parsed(text, grammar).kind, Kind::earliest);
    for (const char* text : {"latest", "end"}) EXPECT_EQ(parsed(text, grammar).kind, Kind::latest);
  }
  EXPECT_EQ(from("none").kind, Kind::none);
  EXPECT_EQ(to("current").kind, Kind::current);
  refused("none", OffsetGrammar::to);
  refused("current", OffsetGrammar::from);
}

TEST(OffsetSpecParse, numbers) {
  EXPECT_EQ(from("0"), (OffsetSpec{Kind::absolute, 0}));
  EXPECT_EQ(to("9223372036854775807"),
            (OffsetSpec{Kind::absolute, std::numeric_limits<std::int64_t>::max()}));
  refused("9223372036854775808", OffsetGrammar::to);
  EXPECT_EQ(from("-100"), (OffsetSpec{Kind::from_end, 100}));
  EXPECT_EQ(to("-100"), (OffsetSpec{Kind::shift, -100}));
  EXPECT_EQ(to("+100"), (OffsetSpec{Kind::shift, 100}));
  refused("+100", OffsetGrammar::from);
}

TEST(OffsetSpecParse, times) {
  EXPECT_EQ(to("@1970-01-02"), (OffsetSpec{Kind::time, 86'400'000}));
  EXPECT_EQ(from("@2026-11-01T01:00+01:00"), (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(to("@1793491200"), (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(to("@1793491200000"), (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(to("-1h30m"), (OffsetSpec{Kind::time, now - 5'400'000}));
  EXPECT_EQ(from("-PT15M"), (OffsetSpec{Kind::time, now - 900'000}));
}

TEST(OffsetSpecParse, timesBeforeTheEpochAreTheStartAndNotKafkasNegativeNumbers) {
  EXPECT_EQ(to("@1969-12-31"), (OffsetSpec{Kind::time, 0}));
  EXPECT_EQ(to("-36000d"), (OffsetSpec{Kind::time, 0}));
}

TEST(OffsetSpecParse, reasonsNameTheRemedy) {
  EXPECT_NE(refused("@2026-11-01T00:00", OffsetGrammar::to).find("@2026-11-01T00:00Z"),
            std::string::npos);
  EXPECT_NE(refused("2026-11-01", OffsetGrammar::to).find("@2026-11-01"), std::string::npos);
  EXPECT_NE(refused("@179349120", OffsetGrammar::to).find("has 9"), std::string::npos);
}

TEST(OffsetSpecParse, epochsWithTheirUnit) {
  EXPECT_EQ(to("@1793491200s"), (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(to("@1793491200000ms"), (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(to("@5000ms"), (OffsetSpec{Kind::time, 5000}));
  EXPECT_EQ(refused("@1793491200ms", OffsetGrammar::to),
            "that is 1970-01-21T18:11:31.200Z. Did you mean seconds? Write 1793491200s");
  for (const char* bad : {"@s", "@ms", "@-5s", "@9223372036854775807s", "@92233720368547758070ms"})
    refused(bad, OffsetGrammar::to);
}

TEST(OffsetSpecParse, aZoneReadsTimesThatNameNone) {
  const auto in = [](const char* zone, const char* text) {
    const TimeZone tz(zone);
    OffsetSpec spec;
    EXPECT_EQ(parse_offset_spec(text, OffsetGrammar::to, now, spec, &tz), "") << text;
    return spec.value;
  };
  EXPECT_EQ(in("+01:00", "@2026-11-01T01:00"), 1'793'491'200'000);
  EXPECT_EQ(in("Europe/Berlin", "@2026-11-01"), 1'793'487'600'000) << "midnight there";
  EXPECT_EQ(in("Europe/Berlin", "@2026-11-01T00:00Z"), 1'793'491'200'000) << "it names its own";
  EXPECT_EQ(in("Europe/Berlin", "@1793491200"), 1'793'491'200'000);
  const TimeZone berlin("Europe/Berlin");
  OffsetSpec spec;
  EXPECT_NE(parse_offset_time("2026-10-25T02:30", spec, &berlin), "");
  EXPECT_EQ(parse_offset_time("2026-11-01T00:00", spec, &berlin), "");
  EXPECT_EQ(spec.value, 1'793'487'600'000);
  EXPECT_NE(parse_offset_time("2026-11-01T00:00", spec).find("Write 2026-11-01T00:00Z"),
            std::string::npos);
}

TEST(OffsetSpecParse, refusesWhatIsNone) {
  for (const OffsetGrammar grammar : {OffsetGrammar::from, OffsetGrammar::to}) {
    for (const char* text : {"", "-", "+", "@", "--5", "+-5", "-+5", "1.5", "1e3", "Earliest", " 5",
                             "5 ", "-1h 30m", "-30m1h", "0x10", "@tomorrow", "@2026-13-01"}) {
      refused(text, grammar);
    }
  }
}

PartitionLog log_of(std::int64_t start, std::int64_t end, std::int64_t at_time = -1) {
  return {{"t", 0}, start, end, end, at_time, RD_KAFKA_RESP_ERR_NO_ERROR};
}

std::optional<std::int64_t> resolved(const OffsetSpec& spec, const PartitionLog& log,
                                     std::optional<std::int64_t> committed = std::nullopt) {
  const auto result = resolve_offset(spec, log, log.end, committed);
  return result ? std::optional(result->offset) : std::nullopt;
}

TEST(OffsetSpecResolve, placesInTheLog) {
  const PartitionLog log = log_of(10, 90);
  EXPECT_EQ(resolved({Kind::earliest, 0}, log), 10);
  EXPECT_EQ(resolved({Kind::latest, 0}, log), 90);
  EXPECT_EQ(resolved({Kind::from_end, 30}, log), 60);
  EXPECT_EQ(resolved({Kind::from_end, 500}, log), 10);
  EXPECT_EQ(resolved({Kind::from_end, std::numeric_limits<std::int64_t>::max()}, log), 10);
  EXPECT_EQ(resolved({Kind::none, 0}, log), std::nullopt);
}

TEST(OffsetSpecResolve, outsideTheLogIsForTheCallerToSay) {
  const PartitionLog log = log_of(10, 90);
  EXPECT_EQ(resolved({Kind::absolute, 5}, log), 5);
  EXPECT_EQ(resolved({Kind::absolute, 500}, log), 500);
  EXPECT_EQ(resolved({Kind::shift, -50}, log, 20), -30);
  EXPECT_EQ(resolved({Kind::shift, std::numeric_limits<std::int64_t>::max()}, log, 20),
            std::numeric_limits<std::int64_t>::max());
}

TEST(OffsetSpecResolve, relativeToTheCommittedOffset) {
  const PartitionLog log = log_of(10, 90);
  EXPECT_EQ(resolved({Kind::current, 0}, log, 20), 20);
  EXPECT_EQ(resolved({Kind::shift, 7}, log, 20), 27);
  EXPECT_EQ(resolved({Kind::current, 0}, log), std::nullopt);
  EXPECT_EQ(resolved({Kind::shift, 7}, log), std::nullopt);
}

TEST(OffsetSpecResolve, aTimeAfterTheLastRecordIsTheEndAndSaysSo) {
  const auto found = resolve_offset({Kind::time, now}, log_of(10, 90, 42), 90, std::nullopt);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, 42);
  EXPECT_FALSE(found->after_last_record);
  const auto later = resolve_offset({Kind::time, now}, log_of(10, 90), 90, std::nullopt);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->offset, 90);
  EXPECT_TRUE(later->after_last_record);
}

}  // namespace
}  // namespace kpipe
