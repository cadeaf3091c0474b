// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

/// Names of ACL operations as Kafka's tools print them: READ, DESCRIBE, ...
using Operations = std::vector<std::string>;

struct PartitionDescription {
  std::int32_t id = 0;
  std::int32_t leader = -1;  ///< broker id; -1: none, the partition cannot be used
  std::vector<std::int32_t> replicas;
  std::vector<std::int32_t> in_sync;  ///< Kafka's ISR

  bool under_replicated() const { return in_sync.size() < replicas.size(); }
};

struct TopicDescription {
  std::string topic;
  std::string id;  ///< KIP-516, in Base64 as Kafka's own tools print it; empty on older brokers
  bool internal = false;
  std::vector<PartitionDescription> partitions;  ///< by number
  /// What the caller may do with it, when asked for and when the broker knows (Kafka 2.3, KIP-430).
  std::optional<Operations> operations;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string error_text;
};

/// In the order asked; errors of single topics (none of that name, no access) are in their answers.
/// Names must differ. Throws Error when the request as a whole failed.
std::vector<TopicDescription> describe_topics(const Client& client,
                                              const std::vector<std::string>& topics,
                                              bool with_operations = false);

/// Kafka's ids of these topics: a topic that was deleted and made anew has another one. Topics
/// without an id (older brokers, or none of that name) are left out. Throws Error when the request
/// as a whole failed.
std::map<std::string, std::string> topic_ids(const Client& client,
                                             const std::vector<std::string>& topics);

}  // namespace kpipe
