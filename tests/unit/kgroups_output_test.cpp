// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/kgroups_rows.hpp"
#include "tools/kgroups/limits.hpp"
#include "tools/kgroups/list.hpp"
#include "tools/kgroups/prometheus.hpp"
#include "tools/kgroups/rates.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

TEST(KgroupsRates, areThoseBetweenTwoLooks) {
  Rates rates;
  const auto look = [](std::int64_t committed, std::int64_t end) {
    return sum_lags({lag_of(committed, 0, end, end)}, LagBy::partition);
  };
  EXPECT_FALSE(rates.update(look(0, 100), 1'000)[0].consumed);
  Rate rate = rates.update(look(40, 120), 3'000)[0];
  EXPECT_EQ(rate.consumed, 20);
  EXPECT_EQ(rate.produced, 10);
  EXPECT_EQ(rate.eta_s, 8);
  rate = rates.update(look(40, 130), 4'000)[0];
  EXPECT_EQ(rate.consumed, 0);
  EXPECT_FALSE(rate.eta_s) << "it never catches up";
  rate = rates.update(look(130, 130), 5'000)[0];
  EXPECT_EQ(rate.eta_s, 0);
}

TEST(KgroupsRates, areNotKnownWhenThePartitionsDiffer) {
  Rates rates;
  std::vector<PartitionLag> rows{lag_of(5, 0, 10, 10)};
  rates.update(sum_lags(rows, LagBy::group), 0);
  rows.push_back(lag_of(50, 0, 100, 100));
  rows.back().tp.partition = 1;
  EXPECT_FALSE(rates.update(sum_lags(rows, LagBy::group), 1'000)[0].consumed);
}

TEST(KgroupsLimits, nameEachOffenderAndWhatIsNotKnown) {
  Options options;
  options.max_lag = 6;
  EXPECT_EQ(offences(sum_lags(some_rows(), LagBy::partition), {}, options),
            (std::vector<std::string>{
                "a t[1]: lag 7 is above --max-lag 6",
                "a u[0]: lag not known, --max-lag 6 cannot be vouched for: nothing is committed, "
                "or the log could not be read"}));
  EXPECT_EQ(offences({}, {"c"}, options),
            std::vector<std::string>{"c: lag not known: nothing committed and nothing assigned"});
  options.max_lag.reset();
  EXPECT_TRUE(offences({}, {"c"}, options).empty());
}

TEST(KgroupsLimits, ofTime) {
  PartitionLag row = lag_of(40, 0, 100, 100);
  row.time_lag_ms = 303'000;
  Options options;
  options.max_time_lag = std::chrono::minutes(5);
  EXPECT_EQ(
      offences(sum_lags({row}, LagBy::partition), {}, options),
      std::vector<std::string>{"etl orders[0]: time lag 5m03s is above --max-time-lag 5m00s"});
  row.time_lag_ms = 300'000;
  EXPECT_TRUE(offences(sum_lags({row}, LagBy::partition), {}, options).empty());
  row.time_lag_ms.reset();
  EXPECT_EQ(offences(sum_lags({row}, LagBy::partition), {}, options).size(), 1U);
}

TEST(KgroupsText, durationsInTwoUnits) {
  EXPECT_EQ(duration_text(0), "0ms");
  EXPECT_EQ(duration_text(999), "999ms");
  EXPECT_EQ(duration_text(59'999), "59s");
  EXPECT_EQ(duration_text(60'000), "1m00s");
  EXPECT_EQ(duration_text(3'725'000), "1h02m");
  EXPECT_EQ(duration_text(90'000'000), "1d01h");
}

TEST(KgroupsText, assignmentsAsRanges) {
  EXPECT_EQ(assignment_text({}), "");
  EXPECT_EQ(assignment_text({{"a", 0}, {"a", 1}, {"a", 3}, {"a", 4}, {"a", 5}, {"b", 7}}),
            "a[0,1,3-5] b[7]");
}

TEST(KgroupsPrometheus, labelsAreEscaped) {
  EXPECT_EQ(label_text("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(label_text("\xc3\xb6"), "\xc3\xb6");
  EXPECT_EQ(label_text("a\xff"), "a?");
}

TEST(KgroupsPrometheus, whatIsNotKnownHasNoSample) {
  Survey survey;
  survey.time_ms = 1'795'246'448'656;
  GroupView view;
  view.row = {"a", "Stable", "Classic", "range", std::nullopt, {}};
  view.partitions = {lag_of(40, 0, 100, 90), lag_of(std::nullopt, 0, 9, 9)};
  view.partitions[1].tp.partition = 1;
  view.partitions[0].time_lag_ms = 1'250;
  survey.groups.push_back(view);
  Options options;
  options.command = Command::lag;
  options.time_lag = true;
  OutBuffer out;
  append_prometheus(out, survey, sum_lags(partitions_of(survey), LagBy::partition), options);
  const std::string text(out.view());
  EXPECT_NE(text.find("\nkafka_group_lag_records{group=\"etl\",topic=\"orders\",partition=\"0\"} 50"
                      "\n# HELP"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nkafka_group_lag_seconds{group=\"etl\",topic=\"orders\",partition=\"0\"} "
                      "1.250\n# HELP"),
            std::string::npos);
  EXPECT_EQ(text.find("\nkafka_group_members{"), std::string::npos);
  EXPECT_NE(text.find("\nkgroups_last_success_timestamp_seconds 1795246448.656\n"),
            std::string::npos);
}

TEST(KgroupsTable, controlCharactersOfNamesAreEscaped) {
  EXPECT_EQ(Table::printable("a\x1b[2J\n\x7fö"), "a\\x1b[2J\\x0a\\x7fö");
}

TEST(KgroupsList, theListingOverrulesADescriptionThatDoesNotKnowTheGroup) {
  const GroupListing listing{"g", "Stable", "Consumer"};
  GroupDescription dead;
  dead.group = "g";
  dead.state = "Dead";
  EXPECT_EQ(make_group_row(listing, dead).state, "Stable");
  EXPECT_EQ(make_group_row(listing, dead).members, std::nullopt);

  GroupDescription known;
  known.group = "g";
  known.state = "Empty";
  known.type = "Unknown";
  EXPECT_EQ(make_group_row(listing, known).state, "Empty");
  EXPECT_EQ(make_group_row(listing, known).type, "Consumer");
  EXPECT_EQ(make_group_row(listing, known).members, 0U);
}

TEST(KgroupsList, statesAndTypesAreChosenHoweverTheyAreSpelled) {
  GroupRow row;
  row.state = "PreparingRebalance";
  row.type = "Consumer";
  EXPECT_TRUE(chosen(row, {}, {}));
  EXPECT_TRUE(chosen(row, {normal_name("preparing-rebalance"), "stable"}, {"consumer"}));
  EXPECT_FALSE(chosen(row, {"stable"}, {}));
  EXPECT_FALSE(chosen(row, {}, {"classic"}));
}

TEST(KgroupsTable, coloursAreAroundARowAndOnlyWhenAskedFor) {
  Table table({{"A"}, {"B"}});
  table.add_row({"1", "2"});
  table.add_row({"3", "4"}, Table::Tone::alarm);
  OutBuffer plain;
  table.append_to(plain);
  EXPECT_EQ(plain.view(), "A  B\n1  2\n3  4\n");
  OutBuffer coloured;
  table.append_to(coloured, true);
  EXPECT_EQ(coloured.view(), "\x1b[1mA  B\x1b[0m\n1  2\n\x1b[31m3  4\x1b[0m\n");
}

TEST(KgroupsClosestName, findsSlipsOfTheFingers) {
  const std::vector<std::string> names{"orders", "payments", "orders-dlq", "x"};
  EXPECT_EQ(closest_name("ordesr", names), "orders");
  EXPECT_EQ(closest_name("payment", names), "payments");
  EXPECT_EQ(closest_name("customers", names), "");
  EXPECT_EQ(closest_name("y", names), "");
}

}  // namespace
}  // namespace kpipe::kgroups
