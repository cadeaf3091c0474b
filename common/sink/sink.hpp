// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/batch.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// Where the records come from, as kconsume said it; empty members are unknown (a FIFO, another
/// producer).
struct SourceIdentity {
  std::string group;
  std::string cluster;
  bool unbounded = false;  ///< it reads on until it is stopped
};

/// The one seam between the sink loop and a target (PostgreSQL, files). Everything above it (dedup,
/// batching, acknowledgements, signals) is shared; everything below stores bytes and offsets.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Names the sink to people, in acknowledgements and in commit metadata: "pg:public.orders".
  virtual std::string name() const = 0;

  /// Makes the target ready and returns every offset stored for this sink. Called once, first.
  virtual std::vector<Checkpoint> open() = 0;

  /// Called when kconsume has introduced itself, before any record of it is stored. Throws when
  /// what is stored came from elsewhere (another group or cluster): its offsets would drop foreign
  /// records.
  virtual void identify(const SourceIdentity& source) = 0;

  /// What is stored now for these partitions, read afresh; partitions without an entry are left
  /// out.
  virtual std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) = 0;

  /// More of a batch that fills quickly has come, so that the sink can work on it while the rest is
  /// read. Nothing of it counts before store(), and the batch may be changed until then
  /// (Batch::edition()). Throws nothing: store() will meet what this has met.
  virtual void go_ahead(const Batch& /*batch*/) noexcept {}

  enum class Outcome {
    stored,    ///< durable: rows and offsets survive any crash from here on
    conflict,  ///< nothing was stored: an offset is not what `expected` says (another instance was
               ///< here)
  };
  /// Stores all of it or nothing. Throws Error when the batch cannot be stored at all; then nothing
  /// of it is stored either.
  virtual Outcome store(const Batch& batch) = 0;

  /// These partitions are another member's of the group from here on, and what came of them is
  /// stored.
  virtual void revoked(const std::vector<TopicPartition>& /*partitions*/) {}

  /// Called again and again between batches, for what a sink does by the clock or on SIGHUP.
  /// Returns when it wants to be called next at the latest; nothing: no matter when.
  virtual std::optional<std::chrono::steady_clock::time_point> tick() { return std::nullopt; }
};

}  // namespace kpipe
