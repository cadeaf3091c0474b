// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/offsets.hpp"
#include "common/kafka/topics.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// One line of `kgroups topics`: a partition, or a topic with the sum of its partitions.
struct TopicRow {
  std::string topic;
  std::string id;
  bool internal = false;
  PartitionDescription partition;  ///< of a partition's line
  std::size_t partitions = 1;
  std::size_t replication = 0;       ///< replicas of the partition that has the fewest
  std::size_t in_sync = 0;           ///< likewise
  std::size_t under_replicated = 0;  ///< partitions with a replica that is not in sync
  std::size_t leaderless = 0;        ///< partitions that cannot be used now
  // What is not known is absent; of a topic, when it is not known of one of its partitions.
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> end;
  std::optional<std::int64_t> records;    ///< end less start
  std::optional<std::int64_t> recent;     ///< of the time of --since
  std::optional<std::int64_t> newest_ms;  ///< the latest timestamp of a record; absent: none too
  std::string error;
};

/// The lines of a topic's partitions. `logs` and `newest` are answers for those with a leader.
std::vector<TopicRow> partition_rows(const TopicDescription& topic,
                                     const std::vector<PartitionLog>& logs,
                                     const std::vector<OffsetAnswer>& newest, bool since);

/// All of one topic in one line.
TopicRow sum_topic(const std::vector<TopicRow>& partitions);

void append_topic_rows(OutBuffer& out, const std::vector<TopicRow>& rows, const Options& options,
                       std::int64_t now_ms, bool colours);

/// `kgroups topics`. The status: no such topic, or a part that failed.
Exit run_topics(Client& client, const Options& options);

}  // namespace kpipe::kgroups
