// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tools/kgroups/lag.hpp"
#include "tools/kgroups/lag_output.hpp"
#include "tools/kgroups/list.hpp"

namespace kpipe::kgroups {
namespace {

PartitionLag lag_of(std::optional<std::int64_t> committed, std::int64_t start, std::int64_t end,
                    std::int64_t stable_end) {
  PartitionLag row;
  row.group = "etl";
  row.tp = {"orders", 0};
  row.committed = committed;
  apply_log(row, {{"orders", 0}, start, end, stable_end, -1, RD_KAFKA_RESP_ERR_NO_ERROR});
  return row;
}

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

std::vector<PartitionLag> some_rows() {
  std::vector<PartitionLag> rows;
  for (const auto& [group, topic, partition, lag] :
       std::vector<std::tuple<std::string, std::string, std::int32_t, std::optional<std::int64_t>>>{
           {"a", "t", 0, 5}, {"a", "t", 1, 7}, {"a", "u", 0, std::nullopt}, {"b", "u", 0, 1}}) {
    PartitionLag row;
    row.group = group;
    row.tp = {topic, partition};
    row.lag = lag;
    rows.push_back(row);
  }
  return rows;
}

TEST(KgroupsLag, sums) {
  EXPECT_EQ(sum_lags(some_rows(), LagBy::partition).size(), 4U);
  const auto topics = sum_lags(some_rows(), LagBy::topic);
  ASSERT_EQ(topics.size(), 3U);
  EXPECT_EQ(topics[0].lag, 12);
  EXPECT_EQ(topics[0].partitions, 2U);
  EXPECT_EQ(name_of(topics[0]), "a t");
  EXPECT_EQ(topics[2].group, "b");
  const auto groups = sum_lags(some_rows(), LagBy::group);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].lag, 12);
  EXPECT_EQ(groups[0].unknown, 1U);
  EXPECT_EQ(name_of(groups[0]), "a");
}

TEST(KgroupsLag, linesAreCheckpoints) {
  PartitionLag row = lag_of(40, 0, 100, 90);
  row.lineage = CommitMetadata{2, "s"};
  OutBuffer out;
  append_partition_lags(out, {row}, OutputFormat::ndjson);
  EXPECT_EQ(out.view(),
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":40,\"gen\":2,\"group\":\"etl\",\"log_"
            "start\":0,\"log_end\":100,"
            "\"stable_end\":90,\"lag\":50,\"sink\":\"s\"}\n");
  Checkpoint checkpoint;
  EXPECT_EQ(CheckpointReader().read(out.view(), checkpoint), "");
  EXPECT_EQ(checkpoint.offset, 40);
}

TEST(KgroupsLag, tableIsAlignedAndHasATotal) {
  std::vector<PartitionLag> rows{lag_of(40, 0, 100, 100), lag_of(std::nullopt, 0, 9, 9)};
  rows[1].tp.partition = 12;
  OutBuffer out;
  append_partition_lags(out, rows, OutputFormat::table);
  EXPECT_EQ(
      out.view(),
      "GROUP  TOPIC   PARTITION  COMMITTED  LOG-START  LOG-END     LAG  NOTE\n"
      "etl    orders          0         40          0      100      60\n"
      "etl    orders         12          -          0        9       ?  nothing committed yet\n"
      "TOTAL                                                    60 + ?\n");
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

  GroupDescription known{"g", "Empty", "Unknown", "range", {}, RD_KAFKA_RESP_ERR_NO_ERROR, {}};
  EXPECT_EQ(make_group_row(listing, known).state, "Empty");
  EXPECT_EQ(make_group_row(listing, known).type, "Consumer");
  EXPECT_EQ(make_group_row(listing, known).members, 0U);
}

}  // namespace
}  // namespace kpipe::kgroups
