// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "common/kafka/cluster.hpp"
#include "common/kafka/topics.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// One line of `kgroups brokers`.
struct BrokerRow {
  Broker broker;  ///< of one that is down only the id is known
  bool online = true;
  bool controller = false;
  std::size_t leaders = 0;           ///< partitions that it leads
  std::size_t replicas = 0;          ///< partitions that it holds or should hold
  std::size_t under_replicated = 0;  ///< partitions that it leads and that lack a replica in sync
  std::size_t out_of_sync = 0;       ///< its own replicas that are not in sync
};

/// The brokers that are up, and those that only the topics' replicas tell of: they are down. By id.
std::vector<BrokerRow> broker_rows(const Cluster& cluster,
                                   const std::vector<TopicDescription>& topics);

void append_broker_rows(OutBuffer& out, const std::vector<BrokerRow>& rows,
                        const std::string& cluster_id, OutputFormat format, bool colours);

/// `kgroups brokers`. 1 when a broker is down.
Exit run_brokers(Client& client, const Options& options);

}  // namespace kpipe::kgroups
