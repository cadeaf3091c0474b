// SPDX-License-Identifier: Apache-2.0
// Answers of a coordinator that moves, which no broker gives when it is asked to: librdkafka's own
// broker for tests does.
#include "common/kafka/groups.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>

namespace kpipe {
namespace {

class MovingCoordinator : public testing::Test {
 protected:
  static constexpr std::int16_t kOffsetFetch = 9;

  MovingCoordinator() {
    char reason[256];
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason));
    cluster_.reset(rd_kafka_mock_cluster_new(handle_.get(), 1));
    connection_.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(cluster_.get());
  }

  /// Of one group, by a client that is no consumer, like those of kgroups and kseek.
  GroupOffsets ask() {
    Client client(visitor_config("test", connection_), RD_KAFKA_PRODUCER);
    return committed_offsets(client, {"g"}).at(0);
  }

  struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_mock_cluster_t* cluster) const {
      rd_kafka_mock_cluster_destroy(cluster);
    }
  };
  std::unique_ptr<rd_kafka_t, Destroy> handle_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Destroy> cluster_;
  ConnectionOptions connection_;
};

TEST_F(MovingCoordinator, isAskedAgainUntilItAnswers) {
  rd_kafka_mock_push_request_errors(
      cluster_.get(), kOffsetFetch, 3, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  const GroupOffsets offsets = ask();
  EXPECT_EQ(offsets.error, RD_KAFKA_RESP_ERR_NO_ERROR) << offsets.error_text;
  EXPECT_EQ(offsets.error_text, "");
}

TEST_F(MovingCoordinator, isGivenUpWhenTheTimeIsOver) {
  connection_.timeout = std::chrono::milliseconds(1000);
  for (int i = 0; i < 200; ++i) {
    rd_kafka_mock_push_request_errors(cluster_.get(), kOffsetFetch, 1,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  }
  EXPECT_EQ(ask().error, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
}

TEST_F(MovingCoordinator, otherErrorsAreAnAnswer) {
  rd_kafka_mock_push_request_errors(cluster_.get(), kOffsetFetch, 1,
                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  EXPECT_EQ(ask().error, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
}

}  // namespace
}  // namespace kpipe
