// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/kafka/offsets.hpp"
#include "common/kafka/topics.hpp"

namespace kpipe {
namespace {

TEST(OffsetObstacle, isNoneWhereTheLeaderIsKnown) {
  TopicDescription topic;
  topic.partitions = {{0, 1, {1}, {1}}, {7, 0, {0, 1}, {0}}};
  EXPECT_EQ(obstacle(topic, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(obstacle(topic, 7), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(OffsetObstacle, isTheTopicsErrorAboveAll) {
  TopicDescription topic;
  topic.error = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  EXPECT_EQ(obstacle(topic, 0), RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
}

TEST(OffsetObstacle, isAPartitionThatIsNotThere) {
  TopicDescription topic;
  EXPECT_EQ(obstacle(topic, 0), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  topic.partitions = {{0, 1, {1}, {1}}};
  EXPECT_EQ(obstacle(topic, 1), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
}

TEST(OffsetObstacle, isAnElectionThatIsAwaited) {
  TopicDescription topic;
  topic.partitions = {{0, -1, {1, 2}, {}}};
  EXPECT_EQ(obstacle(topic, 0), RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
  EXPECT_TRUE(leader_moved(obstacle(topic, 0)));
}

}  // namespace
}  // namespace kpipe
