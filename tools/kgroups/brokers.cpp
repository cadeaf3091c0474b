// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/brokers.hpp"

#include <algorithm>
#include <future>
#include <map>

#include "common/kafka/broker_address.hpp"
#include "tools/kgroups/failures.hpp"
#include "tools/kgroups/json_fields.hpp"

namespace kpipe::kgroups {

std::vector<BrokerRow> broker_rows(const Cluster& cluster,
                                   const std::vector<TopicDescription>& topics) {
  std::map<std::int32_t, BrokerRow> rows;
  for (const Broker& broker : cluster.brokers) {
    BrokerRow row;
    row.broker = broker;
    row.controller = broker.id == cluster.controller;
    rows.emplace(broker.id, row);
  }
  const auto row_of = [&](std::int32_t id) -> BrokerRow& {
    const auto [row, added] = rows.try_emplace(id);
    if (added) {
      row->second.broker.id = id;
      row->second.online = false;
    }
    return row->second;
  };
  for (const TopicDescription& topic : topics) {
    for (const PartitionDescription& partition : topic.partitions) {
      if (partition.leader >= 0) {
        BrokerRow& leader = row_of(partition.leader);
        ++leader.leaders;
        if (partition.under_replicated()) ++leader.under_replicated;
      }
      for (const std::int32_t id : partition.replicas) {
        BrokerRow& holder = row_of(id);
        ++holder.replicas;
        const auto& in_sync = partition.in_sync;
        if (std::find(in_sync.begin(), in_sync.end(), id) == in_sync.end()) ++holder.out_of_sync;
      }
    }
  }
  std::vector<BrokerRow> result;
  for (auto& [id, row] : rows) result.push_back(std::move(row));
  return result;
}

void append_broker_rows(OutBuffer& out, const std::vector<BrokerRow>& rows,
                        const std::string& cluster_id, OutputFormat format, bool colours) {
  if (format == OutputFormat::ndjson) {
    for (const BrokerRow& row : rows) {
      out.append('{');
      JsonFields(out)
          .number("id", row.broker.id)
          .text_or_null("host", row.broker.host)
          .number("port", row.online ? std::optional<std::int64_t>(row.broker.port) : std::nullopt)
          .text_or_null("rack", row.broker.rack)
          .truth("online", row.online)
          .truth("controller", row.controller)
          .number("leaders", row.leaders)
          .number("replicas", row.replicas)
          .number("under_replicated", row.under_replicated)
          .number("out_of_sync", row.out_of_sync)
          .text_or_null("cluster_id", cluster_id);
      out.append("}\n");
    }
    return;
  }
  using Align = Table::Align;
  Table table({{"ID", Align::right},
               {"ADDRESS"},
               {"RACK", Align::left, true},
               {"STATE"},
               {"CONTROLLER"},
               {"LEADERS", Align::right},
               {"REPLICAS", Align::right},
               {"UNDER-REPLICATED", Align::right},
               {"OUT-OF-SYNC", Align::right},
               {"CLUSTER-ID"}});
  for (const BrokerRow& row : rows) {
    const BrokerAddress address{row.broker.host, std::to_string(row.broker.port)};
    table.add_row(
        {std::to_string(row.broker.id), row.online ? address.text() : "?", row.broker.rack,
         row.online ? "up" : "down", row.controller ? "yes" : "", std::to_string(row.leaders),
         std::to_string(row.replicas), std::to_string(row.under_replicated),
         std::to_string(row.out_of_sync), cluster_id},
        !row.online                                       ? Table::Tone::alarm
        : row.under_replicated > 0 || row.out_of_sync > 0 ? Table::Tone::warning
                                                          : Table::Tone::plain);
  }
  table.append_to(out, colours);
}

Exit run_brokers(Client& client, const Options& options) {
  auto described = std::async(std::launch::async, [&] { return describe_cluster(client); });
  std::vector<std::string> names;
  for (const auto& [name, partitions] : client.topics()) names.push_back(name);
  const std::vector<TopicDescription> topics = describe_topics(client, names);
  const Cluster cluster = described.get();
  const std::vector<BrokerRow> rows = broker_rows(cluster, topics);
  OutBuffer out;
  append_broker_rows(out, rows, cluster.id, options.output, stdout_has_colours());
  write_stdout(out);
  Failures failures;
  for (const BrokerRow& row : rows) {
    if (!row.online) {
      failures.add_check("broker " + std::to_string(row.broker.id) + ": down, with " +
                         std::to_string(row.replicas) + " replicas");
    }
  }
  return failures.status(rows.size());
}

}  // namespace kpipe::kgroups
