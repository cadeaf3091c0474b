// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/contact.hpp"

namespace kpipe {

struct Cluster {
  std::string id;
  /// Under KRaft any broker: clients do not talk to the controllers. -1: not known.
  std::int32_t controller = -1;
  std::vector<Broker> brokers;  ///< those that are up, by id
};

/// Kafka's DescribeCluster (KIP-700). Throws Error.
Cluster describe_cluster(const Client& client);

}  // namespace kpipe
