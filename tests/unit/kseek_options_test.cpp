// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/options.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe::kseek {
namespace {

using unit::contains;
using unit::expect_error;
using Kind = OffsetSpec::Kind;
using Arguments = std::vector<const char*>;

Options parse(Arguments arguments) {
  arguments.insert(arguments.begin(), "kseek");
  Options options;
  EXPECT_FALSE(
      parse_options(static_cast<int>(arguments.size()), arguments.data(), options).has_value());
  return options;
}
std::string refusal(const Arguments& arguments) {
  return expect_error(Exit::usage, [&] { parse(arguments); });
}
OffsetSpec place(Arguments arguments) {
  arguments.insert(arguments.begin(), {"-g", "g", "-t", "a"});
  return parse(arguments).target.place.value();
}
std::string refused_place(Arguments arguments) {
  arguments.insert(arguments.begin(), {"-g", "g", "-t", "a"});
  return refusal(arguments);
}

TEST(KseekOptions, safeByDefault) {
  const Options options = parse({"-g", "g", "-t", "a", "--to", "earliest"});
  EXPECT_FALSE(options.execute || options.create_group || options.clamp || options.wait);
  EXPECT_EQ(options.groups, (std::vector<std::string>{"g"}));
}

TEST(KseekOptions, groupsEachOnce) {
  const Options options =
      parse({"-g", "a,b", "-G", "c", "--group", "a", "--all-topics", "--delete"});
  EXPECT_EQ(options.groups, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(contains(refusal({"-g", "a,,b", "--all-topics", "--delete"}), "an empty name"));
}

TEST(KseekOptions, kafkasSpellings) {
  EXPECT_EQ(place({"--to-earliest"}), (OffsetSpec{Kind::earliest, 0}));
  EXPECT_EQ(place({"--to-latest"}), (OffsetSpec{Kind::latest, 0}));
  EXPECT_EQ(place({"--to-current"}), (OffsetSpec{Kind::current, 0}));
  EXPECT_EQ(place({"--to-offset", "7"}), (OffsetSpec{Kind::absolute, 7}));
  EXPECT_EQ(place({"--to-datetime", "2026-11-01T01:00:00.000+01:00"}),
            (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(place({"--to-datetime", "2026-11-01T01:00:00.000", "--tz", "+01:00"}),
            (OffsetSpec{Kind::time, 1'793'491'200'000}));
  EXPECT_EQ(place({"--by-duration", "P1D"}).kind, Kind::time);
  EXPECT_EQ(place({"--by-duration", "P30000D"}).value, 0) << "before 1970";
  EXPECT_EQ(place({"--shift-by", "10"}), (OffsetSpec{Kind::shift, 10}));
  EXPECT_EQ(place({"--shift-by", "+10"}), (OffsetSpec{Kind::shift, 10}));
  EXPECT_EQ(place({"--shift-by", "-10"}), (OffsetSpec{Kind::shift, -10}));
}

TEST(KseekOptions, misspeltPlaces) {
  for (const char* bad : {"-1", "+1", "1.5", "", "earliest"}) {
    EXPECT_TRUE(contains(refused_place({"--to-offset", bad}), "not an offset")) << bad;
  }
  for (const char* bad : {"1h", "PT", "P1Y", "-PT1H", ""}) {
    EXPECT_TRUE(contains(refused_place({"--by-duration", bad}), "ISO 8601")) << bad;
  }
  for (const char* bad : {"+-1", "--1", "x", ""}) {
    EXPECT_TRUE(contains(refused_place({"--shift-by", bad}), "not a whole number")) << bad;
  }
  const std::string zone = refused_place({"--to-datetime", "2026-11-01T00:00:00.000"});
  EXPECT_TRUE(contains(zone, "a date-time without a zone")) << zone;
  EXPECT_TRUE(contains(zone, "--tz")) << zone;
  EXPECT_TRUE(contains(refused_place({"--to", "@2026-10-25T02:30", "--tz", "Europe/Berlin"}),
                       "+02:00 or +01:00"));
  EXPECT_TRUE(contains(refused_place({"--to", "@2026-10-25", "--tz", "Mars/Olympus"}),
                       "no such time zone"));
}

TEST(KseekOptions, oneTarget) {
  EXPECT_TRUE(contains(refused_place({}), "--to: no target given"));
  const Arguments pairs[] = {{"--to", "5", "--to-earliest"},
                             {"--to-earliest", "--to-latest"},
                             {"--to", "5", "--delete"},
                             {"--from-group", "h", "--shift-by", "1"},
                             {"--from-file", "f", "--from-group", "h"}};
  for (const Arguments& pair : pairs) {
    EXPECT_TRUE(contains(refused_place(pair), "one of the two says where to go, not both"));
  }
  EXPECT_TRUE(contains(refused_place({"--to", "5", "--tz", "UTC"}), "--tz: no time to read"));
}

TEST(KseekOptions, scope) {
  EXPECT_TRUE(contains(refusal({"-g", "g", "--to", "5"}), "-t: no topic given"));
  EXPECT_TRUE(contains(refusal({"-g", "g", "--delete"}), "-t: no topic given"));
  EXPECT_TRUE(contains(refusal({"-g", "g", "-t", "a", "--all-topics", "--delete"}), "not both"));
  EXPECT_TRUE(contains(refusal({"-g", "g", "--topic-pattern", "a", "--all-topics", "--delete"}),
                       "--topic-pattern, --all-topics"));
  EXPECT_TRUE(contains(refused_place({"--from-file", "f"}), "names the partitions itself"));
  EXPECT_TRUE(contains(refusal({"-g", "g", "--topic-pattern", "[", "--delete"}), "regular"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--to", "5"}), "-g: no group given"));
  EXPECT_EQ(parse({"-g", "g", "--from-group", "h"}).target.from_group, "h");
  EXPECT_EQ(parse({"--from-file", "f"}).target.from_file, "f") << "the lines name the group";
  EXPECT_TRUE(parse({"-g", "g", "--stored-by"}).stored_by);
}

TEST(KseekOptions, whatDoesNothingBesideTheRestIsRefused) {
  for (const char* option : {"--execute", "--create-group", "--clamp", "--to-earliest"}) {
    EXPECT_TRUE(contains(refusal({"-g", "g", "-t", "a", "--stored-by", option}), "only shows"));
  }
  for (const char* option : {"--create-group", "--clamp", "--generation=5"}) {
    EXPECT_TRUE(contains(refused_place({"--delete", option}), "writes no offset")) << option;
  }
  EXPECT_TRUE(contains(refused_place({"--to", "5", "--dry-run", "--execute"}), "not both"));
  EXPECT_FALSE(parse({"-g", "g", "-t", "a", "--to", "5", "--dry-run"}).execute);
  EXPECT_TRUE(contains(refused_place({"--to", "5", "--wait", "5s"}), "only with --execute"));
  EXPECT_EQ(parse({"-g", "g", "-t", "a", "--to", "5", "--wait", "5s", "--execute"}).wait->count(),
            5000);
}

}  // namespace
}  // namespace kpipe::kseek
