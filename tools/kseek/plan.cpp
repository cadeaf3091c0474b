// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/plan.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/base/time_zone.hpp"

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

/// For each topic the highest generation that its sinks may have seen.
std::map<std::string, std::int64_t> highest_generations(
    const std::vector<CommittedOffset>& committed, const Places& places) {
  std::map<std::string, std::int64_t> highest;
  const auto seen = [&](const std::string& topic, std::int64_t generation) {
    std::int64_t& known = highest[topic];
    known = std::max(known, generation);
  };
  for (const CommittedOffset& offset : committed) {
    CommitMetadata metadata;
    if (CommitMetadata::parse(offset.metadata, metadata))
      seen(offset.tp.topic, metadata.generation);
  }
  for (const auto& [tp, place] : places) seen(tp.topic, place.generation);
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

void check_log(const PartitionLog& log) {
  if (log.error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const Exit exit = exit_for(log.error);
  throw Error(exit, to_string(log.tp) + ": read the log's ends: " + rd_kafka_err2str(log.error) +
                        (exit == Exit::no_input ? ". Check the name" : ""));
}

/// Into the log, or onto the list of those that are outside.
void confine(const Goal& goal, std::int64_t offset, Move& move, Refusals& outside) {
  move.target = std::clamp(offset, move.log_start, move.log_end);
  move.clamped = move.target != offset;
  if (!move.clamped || goal.clamp) return;
  outside.add(to_string(move.tp) + "@" + std::to_string(offset) + ": outside the log, which has " +
              std::to_string(move.log_start) + " to " + std::to_string(move.log_end));
}

/// Offsets of 10 and 13 digits are rare, and times are often pasted.
std::string remedy_outside(const Goal& goal) {
  constexpr std::int64_t seconds = 1'000'000'000;
  constexpr std::int64_t milliseconds = seconds * 1000;
  std::string remedy = "--clamp takes the nearest end";
  if (!goal.spec || goal.spec->kind != OffsetSpec::Kind::absolute) return remedy;
  const std::int64_t value = goal.spec->value;
  const bool is_seconds = value >= seconds && value < 10 * seconds;
  const bool is_milliseconds = value >= milliseconds && value < 10 * milliseconds;
  if (!is_seconds && !is_milliseconds) return remedy;
  return "Did you mean " + std::string(is_seconds ? "seconds" : "milliseconds") +
         " since 1970? --to @" + std::to_string(value) + " is " +
         utc_text(is_seconds ? value * 1000 : value) + "; " + remedy;
}

}  // namespace

std::optional<std::int64_t> Move::delta() const {
  if (!current || !target) return std::nullopt;
  return *target - *current;
}

void check_committed(const CommittedOffset& committed) {
  if (committed.error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const bool pending = committed.error == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
  throw Error(exit_for(committed.error),
              to_string(committed.tp) + ": read the committed offset: " +
                  (pending ? "an open transaction is about to commit another one. Try again when "
                             "it has ended"
                           : rd_kafka_err2str(committed.error)));
}

std::vector<Move> make_plan(const Goal& goal, const std::vector<PartitionLog>& logs,
                            const std::vector<CommittedOffset>& committed) {
  std::map<TopicPartition, const CommittedOffset*> by_partition;
  for (const CommittedOffset& offset : committed) by_partition[offset.tp] = &offset;
  std::map<std::string, std::int64_t> generations = highest_generations(committed, goal.places);

  Refusals unplaced;
  Refusals outside;
  std::vector<Move> moves;
  for (const PartitionLog& log : logs) {
    const auto found = by_partition.find(log.tp);
    if (found != by_partition.end()) check_committed(*found->second);
    Move move = start_move(log, found == by_partition.end() ? nullptr : found->second);
    if (!goal.spec && !goal.places.at(log.tp).offset) {
      if (move.current) moves.push_back(std::move(move));
      continue;
    }
    check_log(log);
    const auto place = goal.spec ? resolve_offset(*goal.spec, log, log.end, move.current)
                                 : ResolvedOffset{*goal.places.at(log.tp).offset};
    if (!place) {
      unplaced.add(to_string(log.tp) + ": the group has committed nothing there");
      continue;
    }
    move.after_last_record = place->after_last_record;
    confine(goal, place->offset, move, outside);
    const std::int64_t highest = generations[log.tp.topic];
    move.metadata = {goal.generation.value_or(highest + 1), move.lineage.sink};
    if (move.metadata.sink.empty() && !goal.spec) move.metadata.sink = goal.places.at(log.tp).sink;
    if (move.metadata.generation <= highest) {
      throw Error(Exit::usage, "--generation: " + std::to_string(*goal.generation) + ": " +
                                   log.tp.topic + " is at " + std::to_string(highest) +
                                   " already: sinks would take the move for an old one");
    }
    moves.push_back(std::move(move));
  }
  unplaced.raise(goal.text + " moves from a committed offset: name a place, such as --to earliest");
  outside.raise(remedy_outside(goal));
  return moves;
}

}  // namespace kpipe::kseek
