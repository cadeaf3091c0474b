// SPDX-License-Identifier: Apache-2.0
// Pump: partitions come and go.
#include <algorithm>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// How long after our own start a sink on the pipe may take for its first word. With a group its
/// stored offsets decide the start; without one a sink that comes later merely drops what it has
/// already.
constexpr milliseconds kSinkPatience{2'000};
constexpr milliseconds kSinkPatienceWithoutGroup{100};
/// Longest wait for acknowledgements when partitions are revoked; the group waits with us.
constexpr milliseconds kRevokeWait{30'000};

bool contains(const std::vector<TopicPartition>& partitions, const TopicPartition& tp) {
  return std::find(partitions.begin(), partitions.end(), tp) != partitions.end();
}

/// What befalls one partition mostly befalls all: one line, the rest for -v.
void warn(const std::vector<std::string>& warnings) {
  for (std::size_t i = 1; i < warnings.size(); ++i) log::info(warnings[i]);
  if (warnings.empty()) return;
  const std::size_t more = warnings.size() - 1;
  log::warning(warnings[0] +
               (more == 0 ? "" : " (and " + std::to_string(more) + " more partitions: -v)"));
}

}  // namespace

std::vector<StartPosition> Pump::on_assign(const std::vector<TopicPartition>& partitions) {
  std::vector<StartPosition> starts;
  std::vector<std::string> warnings;
  for (const PartitionFacts& facts : gather_facts(partitions)) {
    starts.push_back(take_over(facts, warnings));
  }
  warn(warnings);
  assigned_once_ = true;
  last_partition_ = nullptr;
  explain(starts);
  return starts;
}

std::vector<PartitionFacts> Pump::gather_facts(const std::vector<TopicPartition>& partitions) {
  std::vector<PartitionFacts> all;
  if (partitions.empty()) return all;
  // Committed, then stored, then the log's end: another instance may be storing and committing
  // meanwhile, and neither offset may look as if it were beyond the end.
  std::vector<CommittedOffset> committed;
  if (!options_.group.empty()) committed = consumer_->committed(partitions);
  const milliseconds patience = options_.group.empty() ? kSinkPatienceWithoutGroup : kSinkPatience;
  link_.wait_for_sink(patience - std::chrono::duration_cast<milliseconds>(Clock::now() - started_));
  const std::optional<SinkLink::Stored> stored = link_.ask(partitions);
  const Client& client = consumer_->client();
  const std::vector<PartitionLog> logs = read_logs(client, partitions, time_of(options_.from));
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    PartitionFacts& facts = all.emplace_back();
    facts.tp = partitions[i];
    facts.group = options_.group;
    if (!committed.empty() && committed[i].offset >= 0) {
      facts.committed = committed[i].offset;
      CommitMetadata lineage;
      if (CommitMetadata::parse(committed[i].metadata, lineage)) facts.lineage = lineage;
    }
    facts.sink_answered = stored.has_value();
    facts.sink = link_.sink();
    if (stored) {
      const auto found = stored->find(partitions[i]);
      if (found != stored->end()) facts.stored = found->second;
    }
    const PartitionLog& log = logs[i];
    if (log.error != RD_KAFKA_RESP_ERR_NO_ERROR) throw client.error(to_string(log.tp), log.error);
    facts.log_start = log.start;
    facts.log_end = log.end;
    facts.stable_end = log.stable_end;
    if (const auto from = resolve_offset(options_.from, log, log.stable_end, std::nullopt))
      facts.from = from->offset;
  }
  return all;
}

StartPosition Pump::take_over(const PartitionFacts& facts, std::vector<std::string>& warnings) {
  const StartDecision decision = decide_start(facts);
  if (!decision.warning.empty()) warnings.push_back(decision.warning);
  std::int64_t start = decision.offset;
  const auto memory = memories_.find(facts.tp);
  if (memory != memories_.end()) {
    const Memory& before = memory->second;
    if (before.generation != decision.generation ||
        (facts.committed && *facts.committed < before.committed)) {
      throw Error(Exit::temp_fail,
                  to_string(facts.tp) +
                      ": the group's offsets were moved while this pipeline ran. Start it again");
    }
    // Records up to here are in the pipe already; a partition's stream must not go backwards.
    start = std::max(start, before.delivered);
  }
  Partition& partition = partitions_[facts.tp];
  partition = Partition{};
  partition.tp = facts.tp;
  partition.start = partition.next = partition.encoded = start;
  partition.generation = decision.generation;
  if (options_.once) partition.end = ends_.try_emplace(facts.tp, facts.stable_end).first->second;
  tracker_.assign(facts.tp, {facts.committed.value_or(decision.offset), decision.offset, start,
                             decision.generation});
  return {facts.tp, start};
}

/// Once, so that nobody has to guess who commits and from where.
void Pump::explain(const std::vector<StartPosition>& starts) {
  std::string where;
  for (const StartPosition& start : starts)
    where += " " + to_string(start.tp) + "@" + std::to_string(start.offset);
  if (starts.empty()) where = " no partitions (other members have them)";
  const bool again = std::exchange(explained_, true);
  std::string who;
  if (commit_ == CommitPolicy::written) {
    who = "; committing what is written";
  } else if (link_.present()) {
    who = options_.group.empty() ? "; " + link_.sink() + " keeps the offsets"
                                 : "; committing what " + link_.sink() + " has stored";
  } else if (commit_ == CommitPolicy::ack) {
    who = "; nobody acknowledges: nothing will be committed";
  }
  const std::string text =
      (options_.group.empty() ? "reading from" : "group " + options_.group + ": reading from") +
      where + who;
  log::write(again || options_.group.empty() ? log::Level::info : log::Level::notice, text);
}

void Pump::on_revoke(const std::vector<TopicPartition>& partitions, bool lost) {
  // What was read of them and not written yet belongs to the next owner.
  std::erase_if(pending_, [&](const KafkaMessage& message) {
    return !message ||
           (message->rkt != nullptr &&
            contains(partitions, {rd_kafka_topic_name(message->rkt), message->partition}));
  });
  next_pending_ = 0;
  last_partition_ = nullptr;
  if (!closing_ && !lost) {
    if (!out_.bytes.empty() && writer_->has_room()) submit();
    settle_positions();
    const auto deadline = Clock::now() + kRevokeWait;
    wait_for_acks(partitions, deadline);
    commit_now(&partitions);
    const auto left = tracker_.outstanding();
    for (const Checkpoint& c : left) {
      if (!contains(partitions, c.tp)) continue;
      log::warning(
          to_string(c.tp) + ": revoked with " + std::to_string(tracker_.unacknowledged(c.tp)) +
          " records unacknowledged; the next owner reads them again, the sink drops what it has");
    }
  }
  for (const TopicPartition& tp : partitions) {
    const auto found = partitions_.find(tp);
    if (found == partitions_.end()) continue;
    Memory& memory = memories_[tp];
    memory.delivered = found->second.encoded;
    memory.generation = found->second.generation;
    memory.committed = std::max(memory.committed, tracker_.committed_offset(tp).value_or(0));
    tracker_.unassign(tp);
    // Records of it may still be in out_: they will be written, and count in no assignment.
    partitions_.erase(found);
  }
}

/// A sink that connected only after records were written: harmless unless it holds less than we
/// assumed.
void Pump::check_late_sink() {
  const auto stored = link_.take_late_hello();
  if (!stored) return;
  for (const auto& [tp, partition] : partitions_) {
    const auto found = stored->find(tp);
    const std::int64_t next = found == stored->end() ? partition.start : found->second.next;
    if (next < partition.start) {
      throw Error(Exit::temp_fail, to_string(tp) + ": " + link_.sink() +
                                       " came late and holds only up to " + std::to_string(next) +
                                       ", reading began at " + std::to_string(partition.start) +
                                       ". Start the pipeline again");
    }
  }
}

}  // namespace kpipe::kconsume
