// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/plan.hpp"

#include <algorithm>
#include <map>

#include "common/base/error.hpp"

namespace kpipe::kseek {
namespace {

/// Reasons for single partitions, told together.
class Refusals {
 public:
  void add(const std::string& reason) {
    constexpr std::size_t shown = 10;
    if (++count_ > shown) return;
    text_ += (text_.empty() ? "" : "; ") + reason;
    if (count_ == shown) text_ += "; ...";
  }
  void raise(const std::string& remedy) const {
    if (count_ > 0) throw Error(Exit::data, text_ + ". " + remedy);
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

std::map<std::string, std::int64_t> highest_generations(
    const std::vector<CommittedOffset>& committed) {
  std::map<std::string, std::int64_t> highest;
  for (const CommittedOffset& offset : committed) {
    CommitMetadata metadata;
    if (!CommitMetadata::parse(offset.metadata, metadata)) continue;
    std::int64_t& generation = highest[offset.tp.topic];
    generation = std::max(generation, metadata.generation);
  }
  return highest;
}

Move start_move(const PartitionLog& log, const CommittedOffset* committed) {
  Move move;
  move.tp = log.tp;
  move.log_start = log.start;
  move.log_end = log.end;
  if (committed != nullptr && committed->offset >= 0) {
    move.current = committed->offset;
    CommitMetadata::parse(committed->metadata, move.lineage);
  }
  return move;
}

std::optional<ResolvedOffset> place_of(const Goal& goal, const PartitionLog& log,
                                       const Move& move) {
  if (goal.spec) return resolve_offset(*goal.spec, log, log.end, move.current);
  for (const Checkpoint& checkpoint : goal.offsets) {
    if (checkpoint.tp == log.tp) return ResolvedOffset{checkpoint.offset};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Move> make_plan(const Goal& goal, const std::vector<PartitionLog>& logs,
                            const std::vector<CommittedOffset>& committed) {
  std::map<TopicPartition, const CommittedOffset*> by_partition;
  for (const CommittedOffset& offset : committed) by_partition[offset.tp] = &offset;
  std::map<std::string, std::int64_t> generations = highest_generations(committed);

  Refusals unplaced;
  Refusals outside;
  std::vector<Move> moves;
  for (const PartitionLog& log : logs) {
    const auto found = by_partition.find(log.tp);
    Move move = start_move(log, found == by_partition.end() ? nullptr : found->second);
    const std::optional<ResolvedOffset> place = place_of(goal, log, move);
    if (!place) {
      unplaced.add(to_string(log.tp) + ": the group has committed nothing there");
      continue;
    }
    move.target = std::clamp(place->offset, log.start, log.end);
    move.clamped = move.target != place->offset;
    move.after_last_record = place->after_last_record;
    if (move.clamped && !goal.clamp) {
      outside.add(to_string(log.tp) + "@" + std::to_string(place->offset) +
                  ": outside the log, which has " + std::to_string(log.start) + " to " +
                  std::to_string(log.end));
    }
    const std::int64_t highest = generations[log.tp.topic];
    move.metadata = {goal.generation.value_or(highest + 1), move.lineage.sink};
    if (move.metadata.generation <= highest) {
      throw Error(Exit::usage, "--generation: " + std::to_string(*goal.generation) + ": " +
                                   log.tp.topic + " is at " + std::to_string(highest) +
                                   " already: sinks would take the move for an old one");
    }
    moves.push_back(std::move(move));
  }
  unplaced.raise("--to " + goal.text +
                 " moves from a committed offset: name a place, such as --to earliest");
  outside.raise("--clamp takes the nearest end");
  return moves;
}

}  // namespace kpipe::kseek
