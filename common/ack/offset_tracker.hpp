// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// Which offsets may be committed: the rules of the delivery guarantee in one place, without Kafka,
/// clock or I/O. All offsets are "next to read", as Kafka commits them.
///
/// Per assigned partition: committed <= acked <= delivered. What is committed was acknowledged
/// under this assignment; an assignment that ended takes its state with it, so an acknowledgement
/// that comes late can never be committed (invariants I1, I2 of the design).
class OffsetTracker {
 public:
  struct Start {
    /// What Kafka holds. When it holds nothing: `acked`, or less to have that committed.
    std::int64_t committed = 0;
    std::int64_t acked = 0;  ///< proven stored: committed, or what the sink said
    /// Where reading begins. Above `acked` when an earlier assignment of this process delivered
    /// records that are still on their way to the sink.
    std::int64_t delivered = 0;
    std::int64_t generation = 0;
  };
  /// A partition is ours from now on. Whatever was known of it before is forgotten.
  void assign(const TopicPartition& tp, const Start& start);
  /// Forgets the partition (revoked or lost).
  void unassign(const TopicPartition& tp);
  void unassign_all();
  bool is_assigned(const TopicPartition& tp) const { return partitions_.contains(tp); }

  /// Records below `next` have been handed to stdout. Ignored for partitions that are not ours.
  void delivered(const TopicPartition& tp, std::int64_t next);
  /// There are no records between the last delivered one and `next` (end of partition after
  /// transaction markers or compacted records). When all that was delivered is acknowledged, `next`
  /// is too, unless `sink_decides`: then the sink was asked to store it and will acknowledge it
  /// itself.
  void position(const TopicPartition& tp, std::int64_t next, bool sink_decides);

  enum class Ack {
    accepted,
    not_assigned,      ///< revoked, lost, or never ours
    not_ahead,         ///< nothing new: at or below what was acknowledged
    beyond_delivered,  ///< a lie or a bug: we never delivered that far
    wrong_generation,  ///< from before or after a replay that is not ours
  };
  Ack acked(const Checkpoint& ack);

  /// What may be committed now: acknowledged and ahead of committed, in order of topic and
  /// partition.
  std::vector<Checkpoint> committable() const;
  /// Kafka has stored this offset.
  void committed(const TopicPartition& tp, std::int64_t offset);

  /// Records (by offset distance) that were delivered and not acknowledged.
  std::int64_t unacknowledged() const;
  std::int64_t unacknowledged(const TopicPartition& tp) const;
  /// delivered() of each partition that is not fully acknowledged.
  std::vector<Checkpoint> outstanding() const;

  std::optional<std::int64_t> delivered_offset(const TopicPartition& tp) const;
  std::optional<std::int64_t> acked_offset(const TopicPartition& tp) const;
  std::optional<std::int64_t> committed_offset(const TopicPartition& tp) const;

 private:
  using Partition = Start;
  const Partition* find(const TopicPartition& tp) const;
  Partition* find(const TopicPartition& tp);

  std::map<TopicPartition, Partition> partitions_;
};

}  // namespace kpipe
