// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"
#include "common/kafka/offset_spec.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// How far one group is in one partition. All in records.
struct PartitionLag {
  std::string group;
  TopicPartition tp;
  std::optional<std::int64_t>
      committed;  ///< next offset to read; absent: assigned, nothing committed yet
  std::optional<CommitMetadata> lineage;  ///< of the commit, when kpipe made it
  PartitionLog log;
  /// What a read_committed consumer has yet to read, never negative. Absent when nothing says where
  /// the group stands, or the log could not be looked at: unknown is not 0.
  std::optional<std::int64_t> lag;
  bool truncated = false;  ///< committed is below the log's start: retention took unread records
  bool beyond_end =
      false;          ///< committed is past the log's end: the topic was re-created or truncated
  std::string error;  ///< why the log could not be looked at
};

/// Committed and assigned partitions of a group, by topic and partition, without their logs.
std::vector<PartitionLag> group_partitions(const GroupOffsets& offsets,
                                           const GroupDescription& description);

/// Fills in the log and what follows from it. The committed offset must have been read before the
/// log's ends, otherwise a group that moves would seem to be ahead of its topic.
void apply_log(PartitionLag& row, const PartitionLog& log);

/// One output line of --by topic or group; of --by partition: one partition.
struct LagSum {
  std::string group;
  std::string topic;  ///< empty when summed over topics
  std::optional<std::int32_t> partition;
  std::size_t partitions = 0;
  std::size_t unknown = 0;  ///< partitions whose lag is not known; not in `lag`
  std::int64_t lag = 0;
};

/// Rows must be ordered by group, topic and partition.
std::vector<LagSum> sum_lags(const std::vector<PartitionLag>& rows, LagBy by);

/// "etl orders[3]", "etl orders" or "etl", for messages.
std::string name_of(const LagSum& sum);

}  // namespace kpipe::kgroups
