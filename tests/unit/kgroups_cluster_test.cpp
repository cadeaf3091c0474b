// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tools/kgroups/brokers.hpp"
#include "tools/kgroups/topics.hpp"

namespace kpipe::kgroups {
namespace {

TopicDescription orders() {
  TopicDescription topic;
  topic.topic = "orders";
  topic.id = "id";
  topic.partitions = {{0, 1, {1, 2}, {1, 2}}, {1, 2, {2, 3}, {2}}, {2, -1, {3}, {}}};
  return topic;
}

PartitionLog log_of(std::int32_t partition, std::int64_t start, std::int64_t end,
                    std::int64_t at_time) {
  return {{"orders", partition}, start, end, end, at_time, RD_KAFKA_RESP_ERR_NO_ERROR};
}

TEST(KgroupsTopics, countWhatTheirPartitionsHold) {
  const std::vector<TopicRow> rows =
      partition_rows(orders(), {log_of(0, 10, 50, 45), log_of(1, 0, 7, -1)},
                     {{{"orders", 0}, 49, 1000, RD_KAFKA_RESP_ERR_NO_ERROR},
                      {{"orders", 1}, 6, 3000, RD_KAFKA_RESP_ERR_NO_ERROR}},
                     true);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].records, 40);
  EXPECT_EQ(rows[0].recent, 5);
  EXPECT_EQ(rows[1].recent, 0);
  EXPECT_EQ(rows[1].under_replicated, 1U);
  EXPECT_FALSE(rows[2].records);
  EXPECT_EQ(rows[2].error, "no broker leads this partition");

  const TopicRow two = sum_topic({rows[0], rows[1]});
  EXPECT_EQ(two.partitions, 2U);
  EXPECT_EQ(two.records, 47);
  EXPECT_EQ(two.recent, 5);
  EXPECT_EQ(two.newest_ms, 3000);
  EXPECT_EQ(two.replication, 2U);
  EXPECT_EQ(two.in_sync, 1U);
  EXPECT_EQ(two.under_replicated, 1U);
  EXPECT_EQ(two.error, "");
}

TEST(KgroupsTopics, haveNoSumWhereAPartIsNotKnown) {
  const TopicRow all =
      sum_topic(partition_rows(orders(), {log_of(0, 10, 50, 45), log_of(1, 0, 7, -1)}, {}, false));
  EXPECT_FALSE(all.records);
  EXPECT_FALSE(all.end);
  EXPECT_EQ(all.leaderless, 1U);
  EXPECT_EQ(all.error, "no broker leads this partition");
}

TEST(KgroupsTopics, writeTheirIdsAsArrays) {
  OutBuffer out;
  Options options;
  options.by = LagBy::partition;
  append_topic_rows(out, partition_rows(orders(), {log_of(0, 10, 50, -1)}, {}, false), options, 0,
                    false);
  EXPECT_EQ(
      out.view().substr(0, out.view().find('\n')),
      R"({"topic":"orders","topic_id":"id","partition":0,"leader":1,"replicas":[1,2],"in_sync":[1,2],)"
      R"("under_replicated":false,"start":10,"end":50,"records":40,"newest_ms":null,"error":null})");
  EXPECT_NE(out.view().find(R"("leader":null,"replicas":[3],"in_sync":[])"), std::string::npos);
}

TEST(KgroupsBrokers, countLeadersAndReplicasAndNameTheOnesThatAreDown) {
  Cluster cluster{"c", 2, {{1, "a", 9092, "r1"}, {2, "b", 9092, ""}}};
  const std::vector<BrokerRow> rows = broker_rows(cluster, {orders()});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].leaders, 1U);
  EXPECT_EQ(rows[0].replicas, 1U);
  EXPECT_FALSE(rows[0].controller);
  EXPECT_TRUE(rows[1].controller);
  EXPECT_EQ(rows[1].replicas, 2U);
  EXPECT_EQ(rows[1].under_replicated, 1U);
  EXPECT_FALSE(rows[2].online);
  EXPECT_EQ(rows[2].broker.id, 3);
  EXPECT_EQ(rows[2].replicas, 2U);
  EXPECT_EQ(rows[2].out_of_sync, 2U);
  OutBuffer out;
  append_broker_rows(out, rows, "c", OutputFormat::ndjson, false);
  EXPECT_NE(out.view().find(R"({"id":3,"host":null,"port":null,"rack":null,"online":false,)"
                            R"("controller":false,"leaders":0,"replicas":2,"under_replicated":0,)"
                            R"("out_of_sync":2,"cluster_id":"c"})"),
            std::string::npos)
      << out.view();
}

}  // namespace
}  // namespace kpipe::kgroups
