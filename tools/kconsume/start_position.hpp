// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "common/kafka/offsets.hpp"
#include "common/sink/batch.hpp"

namespace kpipe::kconsume {

/// What is known of a partition before its first record is read.
struct PartitionFacts {
  TopicPartition tp;
  std::string group;                      ///< empty: none
  std::optional<std::int64_t> committed;  ///< by the group in Kafka
  std::optional<CommitMetadata> lineage;  ///< of that commit, when kpipe made it
  bool sink_answered = false;             ///< a sink has said what it holds
  std::string sink;                       ///< its name
  std::optional<StoredOffset> stored;     ///< next offset that it wants
  std::int64_t log_start = 0;
  std::int64_t log_end = 0;          ///< one past the last record
  std::int64_t stable_end = 0;       ///< the same as seen under read_committed
  std::optional<std::int64_t> from;  ///< --from resolved; absent for `none`
};

struct StartDecision {
  std::int64_t offset = 0;  ///< first to read; proven stored below
  std::int64_t generation = 0;
  std::string warning;  ///< for stderr; empty: nothing unusual
};

/// The start-position table: the sink's offset is the truth, Kafka's a hint, a generation tells a
/// replay from a duplicate, and what nobody can explain stops with both ways on. Pure. Throws
/// Error.
StartDecision decide_start(const PartitionFacts& facts);

}  // namespace kpipe::kconsume
