// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "common/kafka/offsets.hpp"
#include "common/sink/batch.hpp"

namespace kpipe::kconsume {

/// What to follow when the sink and Kafka contradict each other and nobody can tell who is right.
enum class OnMismatch { stop, sink, kafka };
/// What to do when records that were not read yet are gone.
enum class OnDataLoss { stop, skip };

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
  std::string topic_id;              ///< as Kafka has it now; empty: unknown
  std::optional<std::int64_t> from;  ///< --from resolved; absent for `none`
  /// Made after the group (or the sink) had begun with its topic: --from is not about it.
  bool added_later = false;
  OnMismatch on_mismatch = OnMismatch::stop;
  OnDataLoss on_data_loss = OnDataLoss::stop;
};

struct StartDecision {
  std::int64_t offset = 0;  ///< first to read; proven stored below
  std::int64_t generation = 0;
  std::string warning;    ///< for stderr; empty: nothing unusual
  bool is_first = false;  ///< neither Kafka nor the sink knew the partition
};

/// The same partition as each of several sinks has it (one entry: one sink or none).
using SinkFacts = std::vector<PartitionFacts>;

/// Where the slowest of them must begin: the others drop what they have. Throws Error, also when
/// they stand in different generations.
StartDecision decide_start(const SinkFacts& sinks);

/// The start-position table: the sink's offset is the truth, Kafka's a hint, a generation tells a
/// replay from a duplicate, and what nobody can explain stops with both ways on. Pure. Throws
/// Error.
StartDecision decide_start(const PartitionFacts& facts);

}  // namespace kpipe::kconsume
