// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/kgroups_rows.hpp"
#include "tools/kgroups/lag.hpp"
#include "tools/kgroups/lag_output.hpp"

namespace kpipe::kgroups {
namespace {

TEST(KgroupsLag, isWhatAReadCommittedConsumerHasYetToRead) {
  EXPECT_EQ(lag_of(40, 0, 100, 100).lag, 60);
  EXPECT_EQ(lag_of(40, 0, 100, 90).lag, 50);
  EXPECT_EQ(lag_of(100, 0, 100, 100).lag, 0);
}

TEST(KgroupsLag, isNeverNegative) {
  EXPECT_EQ(lag_of(95, 0, 100, 90).lag, 0);
  EXPECT_FALSE(lag_of(95, 0, 100, 90).beyond_end);
  EXPECT_EQ(lag_of(500, 0, 100, 100).lag, 0);
  EXPECT_TRUE(lag_of(500, 0, 100, 100).beyond_end);
}

TEST(KgroupsLag, countsFromTheStartOfATruncatedLog) {
  const PartitionLag row = lag_of(40, 70, 100, 100);
  EXPECT_EQ(row.lag, 30);
  EXPECT_TRUE(row.truncated);
  EXPECT_EQ(lag_of(0, 100, 100, 100).lag, 0);
}

TEST(KgroupsLag, unknownIsNotZero) {
  EXPECT_EQ(lag_of(std::nullopt, 0, 100, 100).lag, std::nullopt);
  EXPECT_EQ(lag_of(std::nullopt, 7, 7, 7).lag, 0);
  PartitionLag row;
  row.committed = 5;
  apply_log(row, {{"orders", 0}, -1, -1, -1, -1, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART});
  EXPECT_EQ(row.lag, std::nullopt);
  EXPECT_NE(row.error, "");
}

TEST(KgroupsLag, committedAndAssignedPartitionsOfAGroup) {
  GroupOffsets offsets;
  offsets.group = "etl";
  offsets.offsets = {
      {{"orders", 2}, 20, "kpipe gen=3 sink=pg:public.t", RD_KAFKA_RESP_ERR_NO_ERROR},
      {{"orders", 1}, 10, "other", RD_KAFKA_RESP_ERR_NO_ERROR},
      {{"orders", 3}, -1, "", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}};
  GroupDescription description;
  description.members = {{"m", "", "c", "h", {{"orders", 0}, {"orders", 1}}}};
  const auto rows = group_partitions(offsets, description);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].committed, std::nullopt);
  EXPECT_EQ(rows[1].committed, 10);
  EXPECT_FALSE(rows[1].lineage);
  ASSERT_TRUE(rows[2].lineage);
  EXPECT_EQ(rows[2].lineage->generation, 3);
  EXPECT_EQ(rows[2].lineage->sink, "pg:public.t");
  EXPECT_NE(rows[3].error, "");
}

TEST(KgroupsLag, sums) {
  EXPECT_EQ(sum_lags(some_rows(), LagBy::partition).size(), 4U);
  const auto topics = sum_lags(some_rows(), LagBy::topic);
  ASSERT_EQ(topics.size(), 3U);
  EXPECT_EQ(topics[0].lag, 12);
  EXPECT_EQ(topics[0].partitions, 2U);
  EXPECT_EQ(name_of(topics[0]), "a t");
  EXPECT_EQ(topics[2].group, "b");
  EXPECT_EQ(total_of(topics).lag, 13);
  EXPECT_EQ(total_of(topics).unknown, 1U);
  const auto groups = sum_lags(some_rows(), LagBy::group);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].lag, 12);
  EXPECT_EQ(groups[0].unknown, 1U);
  EXPECT_EQ(name_of(groups[0]), "a");
}

TEST(KgroupsLag, sumsOfMembersWithWhatNobodyReadsLast) {
  auto rows = some_rows();
  rows[0].owner = rows[2].owner = {"m-2", "app", "10.0.0.2", ""};
  const auto members = sum_lags(rows, LagBy::member);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(name_of(members[0]), "a app on 10.0.0.2");
  EXPECT_EQ(members[0].partitions, 2U);
  EXPECT_EQ(members[0].lag, 5);
  EXPECT_EQ(members[0].unknown, 1U);
  EXPECT_EQ(members[1].owner.member_id, "");
  EXPECT_EQ(members[1].lag, 7);
  EXPECT_EQ(members[2].group, "b");
}

TEST(KgroupsLag, thePartitionsOfAMemberAreItsOwn) {
  GroupOffsets offsets;
  offsets.group = "etl";
  offsets.offsets = {{{"orders", 1}, 10, "", RD_KAFKA_RESP_ERR_NO_ERROR}};
  GroupDescription description;
  description.members = {{"m-1", "static-1", "app", "10.0.0.1", {{"orders", 0}}}};
  const auto rows = group_partitions(offsets, description);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].owner.member_id, "m-1");
  EXPECT_EQ(rows[0].owner.client_id, "app");
  EXPECT_EQ(rows[0].owner.instance_id, "static-1");
  EXPECT_EQ(rows[1].owner.member_id, "");
}

TEST(KgroupsLag, theFirstUnreadRecordIsInTheLog) {
  EXPECT_EQ(first_unread(lag_of(40, 0, 100, 100))->offset, 40);
  EXPECT_EQ(first_unread(lag_of(40, 70, 100, 100))->offset, 70);
  EXPECT_FALSE(first_unread(lag_of(100, 0, 100, 100)));
  EXPECT_FALSE(first_unread(lag_of(90, 0, 100, 90)));
  EXPECT_FALSE(first_unread(lag_of(std::nullopt, 0, 100, 100)));
}

std::optional<std::int64_t> age(PartitionLag row, const RecordTime* first, std::string* why = {}) {
  apply_time(row, first, 10'000);
  if (why != nullptr) *why = row.time_error;
  return row.time_lag_ms;
}

TEST(KgroupsLag, timeIsTheAgeOfTheFirstUnreadRecord) {
  const RecordTime written{true, 9'000, RD_KAFKA_RESP_ERR_NO_ERROR};
  EXPECT_EQ(age(lag_of(40, 0, 100, 100), &written), 1'000);
  const RecordTime of_the_future{true, 11'000, RD_KAFKA_RESP_ERR_NO_ERROR};
  EXPECT_EQ(age(lag_of(40, 0, 100, 100), &of_the_future), 0);
  const RecordTime only_markers;
  EXPECT_EQ(age(lag_of(40, 0, 100, 100), &only_markers), 0);
  EXPECT_EQ(age(lag_of(100, 0, 100, 100), nullptr), 0);
}

TEST(KgroupsLag, unknownTimeIsNotZero) {
  std::string why;
  EXPECT_EQ(age(lag_of(std::nullopt, 0, 100, 100), nullptr), std::nullopt);
  const RecordTime refused{false, {}, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
  EXPECT_EQ(age(lag_of(40, 0, 100, 100), &refused, &why), std::nullopt);
  EXPECT_NE(why, "");
  const RecordTime timeless{true, std::nullopt, RD_KAFKA_RESP_ERR_NO_ERROR};
  EXPECT_EQ(age(lag_of(40, 0, 100, 100), &timeless, &why), std::nullopt);
  EXPECT_NE(why, "");
}

TEST(KgroupsLag, linesAreCheckpoints) {
  PartitionLag row = lag_of(40, 0, 100, 90);
  row.lineage = CommitMetadata{2, "s"};
  row.owner = {"m", "c", "h", ""};
  OutBuffer out;
  append_partition_lags(out, {row}, {});
  EXPECT_EQ(out.view(),
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":40,\"gen\":2,\"group\":\"etl\","
            "\"member_id\":\"m\",\"client_id\":\"c\",\"host\":\"h\",\"log_start\":0,"
            "\"log_end\":100,\"stable_end\":90,\"lag\":50,\"held_back\":10,\"sink\":\"s\","
            "\"truncated\":false,\"beyond_end\":false,\"error\":null}\n");
  Checkpoint checkpoint;
  EXPECT_EQ(CheckpointReader().read(out.view(), checkpoint), "");
  EXPECT_EQ(checkpoint.offset, 40);
}

TEST(KgroupsLag, tableIsAlignedAndHasATotal) {
  std::vector<PartitionLag> rows{lag_of(40, 0, 100, 100), lag_of(std::nullopt, 0, 9, 9)};
  rows[1].tp.partition = 12;
  LagLayout layout;
  layout.format = OutputFormat::table;
  OutBuffer out;
  append_partition_lags(out, rows, layout);
  EXPECT_EQ(
      out.view(),
      "GROUP  TOPIC   PARTITION  COMMITTED  LOG-START  LOG-END     LAG  NOTE\n"
      "etl    orders          0         40          0      100      60\n"
      "etl    orders         12          -          0        9       ?  nothing committed yet\n"
      "TOTAL                                                    60 + ?\n");
}

}  // namespace
}  // namespace kpipe::kgroups
