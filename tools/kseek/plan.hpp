// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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
  std::int64_t target = 0;
  std::int64_t log_start = 0;
  std::int64_t log_end = 0;
  CommitMetadata metadata;         ///< to be written with the target
  bool after_last_record = false;  ///< the time asked for is later than all records
  bool clamped = false;            ///< the target was outside the log
};

/// Where each partition is to go: one place for all, or one offset each.
struct Goal {
  std::optional<OffsetSpec> spec;
  std::string text;  ///< as typed, for messages
  std::vector<Checkpoint> offsets;
  bool clamp = false;
  std::optional<std::int64_t> generation;
};

/// The moves, in the order of `logs`. Each carries a generation above all that the group has for
/// that topic, so that a sink knows it for a deliberate replay, and the name of the sink that
/// followed the group. Pure. Throws Error(data) naming every partition that cannot go there:
/// outside the log without `clamp`, or nothing committed to move from; Error(usage) for a
/// generation that is not above.
std::vector<Move> make_plan(const Goal& goal, const std::vector<PartitionLog>& logs,
                            const std::vector<CommittedOffset>& committed);

}  // namespace kpipe::kseek
