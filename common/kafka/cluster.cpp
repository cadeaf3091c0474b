// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/cluster.hpp"

#include <algorithm>

#include "common/kafka/admin_call.hpp"

namespace kpipe {

Cluster describe_cluster(const Client& client) {
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER, "describe the cluster");
  rd_kafka_DescribeCluster(client.get(), call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  const rd_kafka_DescribeCluster_result_t* const result =
      rd_kafka_event_DescribeCluster_result(event.get());

  Cluster cluster;
  cluster.id = text_or_empty(rd_kafka_DescribeCluster_result_cluster_id(result));
  if (const rd_kafka_Node_t* const node = rd_kafka_DescribeCluster_result_controller(result);
      node != nullptr)
    cluster.controller = rd_kafka_Node_id(node);
  std::size_t count = 0;
  const rd_kafka_Node_t** const nodes = rd_kafka_DescribeCluster_result_nodes(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    cluster.brokers.push_back(
        {rd_kafka_Node_id(nodes[i]), text_or_empty(rd_kafka_Node_host(nodes[i])),
         rd_kafka_Node_port(nodes[i]), text_or_empty(rd_kafka_Node_rack(nodes[i]))});
  }
  std::sort(cluster.brokers.begin(), cluster.brokers.end(),
            [](const Broker& a, const Broker& b) { return a.id < b.id; });
  return cluster;
}

}  // namespace kpipe
