// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/record_times.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// The member of a group that reads a partition.
struct PartitionOwner {
  std::string member_id;  ///< empty: nobody reads it now
  std::string client_id;
  std::string host;
  std::string instance_id;
};

/// How far one group is in one partition. In records where nothing else is said.
struct PartitionLag {
  std::string group;
  TopicPartition tp;
  std::optional<std::int64_t>
      committed;  ///< next offset to read; absent: assigned, nothing committed yet
  std::optional<CommitMetadata> lineage;  ///< of the commit, when kpipe made it
  PartitionOwner owner;
  PartitionLog log;
  /// What a read_committed consumer has yet to read, never negative. Absent when nothing says where
  /// the group stands, or the log could not be looked at: unknown is not 0.
  std::optional<std::int64_t> lag;
  /// How old the first unread record is. 0 when there is none; absent: unknown, or not asked for.
  std::optional<std::int64_t> time_lag_ms;
  bool truncated = false;  ///< committed is below the log's start: retention took unread records
  bool beyond_end =
      false;          ///< committed is past the log's end: the topic was re-created or truncated
  std::string error;  ///< why the lag is not known
  std::string time_error;  ///< why the time lag is not known though the lag is

  /// What open transactions keep from read_committed consumers: the log's end (the high watermark)
  /// less the last stable offset. Absent when the log could not be looked at.
  std::optional<std::int64_t> held_back() const;
};

/// Committed and assigned partitions of a group, by topic and partition, without their logs.
std::vector<PartitionLag> group_partitions(const GroupOffsets& offsets,
                                           const GroupDescription& description);

/// Fills in the log and what follows from it. The committed offset must have been read before the
/// log's ends, otherwise a group that moves would seem to be ahead of its topic.
void apply_log(PartitionLag& row, const PartitionLog& log);

/// The record whose age is the row's time lag; absent when there is none to read.
std::optional<RecordQuery> first_unread(const PartitionLag& row);
/// Fills in the time lag. `first` is the answer for first_unread(), null where that was absent;
/// `now_ms` since the epoch.
void apply_time(PartitionLag& row, const RecordTime* first, std::int64_t now_ms);

/// One output line of --by topic, member or group; of --by partition: one partition.
struct LagSum {
  std::string group;
  std::string topic;  ///< empty when summed over topics
  std::optional<std::int32_t> partition;
  PartitionOwner owner;  ///< --by member
  std::size_t partitions = 0;
  std::size_t unknown = 0;  ///< partitions whose lag is not known; not in `lag`
  std::int64_t lag = 0;
  std::int64_t held_back = 0;
  std::int64_t committed = 0;               ///< sum of the positions from which lag is counted
  std::int64_t stable_end = 0;              ///< likewise
  std::optional<std::int64_t> time_lag_ms;  ///< of the partition that is furthest behind
  std::size_t time_unknown = 0;             ///< partitions whose time lag is not known
};

/// Rows must be ordered by group, topic and partition. The lines come in that order too, those of
/// --by member by member id, with what nobody reads last.
std::vector<LagSum> sum_lags(const std::vector<PartitionLag>& rows, LagBy by);

/// All lines together.
LagSum total_of(const std::vector<LagSum>& sums);

/// "etl orders[3]", "etl orders", "etl client-7 on 10.0.0.1" or "etl", for messages.
std::string name_of(const LagSum& sum);

}  // namespace kpipe::kgroups
