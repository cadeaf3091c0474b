// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"
#include "common/kafka/offset_spec.hpp"

namespace kpipe::kseek {

/// One partition's part of a plan.
struct Move {
  TopicPartition tp;
  std::optional<std::int64_t> current;  ///< committed now
  CommitMetadata lineage;               ///< of that commit when kpipe made it, otherwise empty
  std::optional<std::int64_t> target;   ///< absent: the committed offset is deleted
  std::int64_t log_start = -1;          ///< -1: not known, which only a deletion does without
  std::int64_t log_end = -1;
  CommitMetadata metadata;         ///< to be written with the target
  bool after_last_record = false;  ///< the time asked for is later than all records
  bool clamped = false;            ///< the target was outside the log

  std::optional<std::int64_t> delta() const;
};

struct GroupPlan {
  std::string group;
  std::vector<Move> moves;
};

/// Where one partition is to go.
struct Place {
  std::optional<std::int64_t> offset;  ///< absent: the committed offset is deleted
  std::int64_t generation = 0;         ///< that the group had when it stood there; 0: not known
  std::string sink{};                  ///< that followed the group then; empty: not known
};
using Places = std::map<TopicPartition, Place>;

/// Where a group is to go: one place for all its partitions, or one each.
struct Goal {
  std::optional<OffsetSpec> spec;
  std::string text;  ///< the option as typed, for messages
  Places places;     ///< without `spec`
  bool clamp = false;
  std::optional<std::int64_t> generation;
};

/// Throws Error when it could not be read: taken for "nothing committed" it would be lost.
void check_committed(const CommittedOffset& committed);

/// The moves, in the order of `logs`, without deletions where nothing is committed. Each carries a
/// generation above all that the group has, or is known to have had, for that topic, so that a sink
/// knows it for a deliberate replay; and the name of the sink that followed the group. Pure. Throws
/// Error(data) naming every partition that cannot go there: outside the log without `clamp`, or
/// nothing committed to move from; Error(no_input, unavailable) naming one whose log or
/// committed offset could not be read; Error(usage) for a generation that is not above.
std::vector<Move> make_plan(const Goal& goal, const std::vector<PartitionLog>& logs,
                            const std::vector<CommittedOffset>& committed);

}  // namespace kpipe::kseek
