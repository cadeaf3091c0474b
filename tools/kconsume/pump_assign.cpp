// SPDX-License-Identifier: Apache-2.0
// Pump: partitions come and go.
#include <poll.h>

#include <algorithm>
#include <set>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "common/kafka/groups.hpp"
#include "common/kafka/topics.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// How long after our own start a sink on the pipe may take for its first word. With a group its
/// stored offsets decide the start; without one a sink that comes later merely drops what it has
/// already.
constexpr milliseconds kSinkPatience{2'000};
constexpr milliseconds kSinkPatienceWithoutGroup{100};
constexpr int kAskAgain = 500;  // ms

bool contains(const std::vector<TopicPartition>& partitions, const TopicPartition& tp) {
  return std::find(partitions.begin(), partitions.end(), tp) != partitions.end();
}

std::vector<std::string> topics_of(const std::vector<TopicPartition>& partitions) {
  std::set<std::string> topics;
  for (const TopicPartition& tp : partitions) topics.insert(tp.topic);
  return {topics.begin(), topics.end()};
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
  if (ending_) return {};  // the next owner reads them
  try {
    return begin_with(partitions);
  } catch (const Error&) {
    // Whoever was asked may be ending for the same reason.
    if (!stop::requested()) throw;
    return {};
  }
}

std::vector<StartPosition> Pump::begin_with(const std::vector<TopicPartition>& partitions) {
  std::vector<StartPosition> starts;
  std::vector<StartPosition> firsts;
  std::vector<std::string> warnings;
  std::vector<SinkFacts> all;
  ask_brokers([&] { all = gather_facts(partitions); });
  for (const SinkFacts& facts : all) {
    const StartDecision decision = decide_start(facts);
    starts.push_back(take_over(facts.front(), decision, warnings));
    if (decision.is_first) firsts.push_back(starts.back());
  }
  keep_first_starts(firsts);
  warn(warnings);
  assigned_ = true;
  last_partition_ = nullptr;
  explain(starts);
  return starts;
}

/// Again while brokers restart or partitions change leaders, as long as the group allows.
void Pump::ask_brokers(const std::function<void()>& ask) {
  const auto deadline = Clock::now() + revoke_wait_;
  for (bool said = false;; said = true) {
    try {
      ask();
      return;
    } catch (const Error& error) {
      // The first contact has had its time.
      const bool served = consumer_->client().watch().served();
      if (error.exit() != Exit::unavailable || !served || Clock::now() >= deadline ||
          stop::requested())
        throw;
      if (!said) log::warning(std::string(error.what()) + " (retrying)");
    }
    pollfd stopped{stop::fd(), POLLIN, 0};
    ::poll(&stopped, 1, kAskAgain);
  }
}

std::vector<SinkFacts> Pump::gather_facts(const std::vector<TopicPartition>& partitions) {
  std::vector<SinkFacts> all;
  if (partitions.empty()) return all;
  // Committed, then stored, then the log's end: another instance may be storing and committing
  // meanwhile, and neither offset may look as if it were beyond the end.
  std::vector<CommittedOffset> committed;
  if (!options_.group.empty()) committed = consumer_->committed(partitions);
  const milliseconds patience = options_.group.empty() ? kSinkPatienceWithoutGroup : kSinkPatience;
  link_.wait_for_sink(patience - std::chrono::duration_cast<milliseconds>(Clock::now() - started_));
  const Client& client = consumer_->client();
  std::map<std::string, std::string> ids;
  if (link_.present()) ids = topic_ids(client, topics_of(partitions));
  const std::vector<SinkState> sinks = link_.ask(partitions, ids);
  const std::vector<PartitionLog> logs = read_logs(client, partitions, time_of(options_.from));
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    PartitionFacts facts;
    facts.tp = partitions[i];
    facts.group = options_.group;
    facts.on_mismatch = options_.on_mismatch;
    facts.on_data_loss = options_.on_data_loss;
    facts.added_later = subscription_.added_later(facts.tp);
    if (!committed.empty() && committed[i].offset >= 0) {
      facts.committed = committed[i].offset;
      CommitMetadata lineage;
      if (CommitMetadata::parse(committed[i].metadata, lineage)) facts.lineage = lineage;
    }
    const auto id = ids.find(facts.tp.topic);
    if (id != ids.end()) facts.topic_id = id->second;
    const PartitionLog& log = logs[i];
    if (log.error != RD_KAFKA_RESP_ERR_NO_ERROR) throw client.error(to_string(log.tp), log.error);
    facts.log_start = log.start;
    facts.log_end = log.end;
    facts.stable_end = log.stable_end;
    if (const auto from = resolve_offset(options_.from, log, log.stable_end, std::nullopt))
      facts.from = from->offset;
    SinkFacts& by_sink = all.emplace_back();
    for (const SinkState& sink : sinks) {
      facts.sink_answered = true;
      facts.sink = sink.sink;
      const auto found = sink.stored.find(facts.tp);
      facts.stored = found == sink.stored.end() ? std::nullopt : std::optional(found->second);
      by_sink.push_back(facts);
    }
    if (by_sink.empty()) by_sink.push_back(facts);
  }
  return all;
}

StartPosition Pump::take_over(const PartitionFacts& facts, const StartDecision& decision,
                              std::vector<std::string>& warnings) {
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
  // What a sink has stored is committed even if nothing comes after it; a mere start is not.
  constexpr std::int64_t nothing = -1;
  const std::int64_t committed =
      facts.committed.value_or(decision.is_first ? decision.offset : nothing);
  tracker_.assign(facts.tp, {committed, decision.offset, start, decision.generation});
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
  std::string names;
  for (const TopicPartition& tp : partitions) names += " " + to_string(tp);
  if (!closing_) log::info("group " + options_.group + (lost ? ": lost" : ": giving back") + names);
  // The next assignment may give back what --once has not read to its end.
  if (lost || !consumer_->is_incremental()) assigned_ = false;
  // What was read of them and not written yet belongs to the next owner.
  std::erase_if(pending_, [&](const KafkaMessage& message) {
    return !message ||
           (message->rkt != nullptr &&
            contains(partitions, {rd_kafka_topic_name(message->rkt), message->partition}));
  });
  next_pending_ = 0;
  last_partition_ = nullptr;
  if (!closing_ && !lost) {
    const auto deadline = Clock::now() + revoke_wait_;
    add_marks(&partitions, true);
    settle_bad_records(deadline);
    if (!out_.bytes.empty() && may_submit()) submit();
    settle_positions();
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
  // At the end of the run the goodbye says it.
  if (!closing_) link_.revoke(partitions, writer_->submitted_bytes());
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

/// Members are told by the group's protocol. Without it librdkafka waits for the committed offsets
/// of a group that we may not see until the timeout, and says no more than that.
void Pump::check_group() {
  const GroupOffsets group = committed_offsets(consumer_->client(), {options_.group}).at(0);
  if (exit_for(group.error) == Exit::no_permission) {
    throw consumer_->client().error("group " + options_.group, group.error, group.error_text,
                                    consumer_->group_right());
  }
}

/// For --from other than earliest: what the group and the sink knew before we joined. Afterwards
/// other members may have begun with a topic a moment before us, and it would look old.
void Pump::note_what_was_begun() {
  if (options_.from.kind == OffsetSpec::Kind::earliest) return;
  std::set<std::string> begun;
  if (!options_.group.empty()) {
    const std::vector<GroupOffsets> groups =
        committed_offsets(consumer_->client(), {options_.group});
    for (const CommittedOffset& committed : groups.at(0).offsets) {
      if (committed.offset >= 0) begun.insert(committed.tp.topic);
    }
  }
  link_.wait_for_sink(options_.group.empty() ? kSinkPatienceWithoutGroup : kSinkPatience);
  for (const SinkState& sink : link_.known()) {
    for (const auto& [tp, stored] : sink.stored) begun.insert(tp.topic);
  }
  subscription_.set_begun(std::move(begun));
}

/// Where --from began a partition is kept even before its first record is stored: `latest` must
/// mean the same place after a restart.
void Pump::keep_first_starts(const std::vector<StartPosition>& firsts) {
  if (options_.from.kind == OffsetSpec::Kind::earliest || firsts.empty()) return;
  std::vector<Checkpoint> starts;
  for (const StartPosition& first : firsts) starts.push_back(Checkpoint{first.tp, first.offset, 0});
  if (link_.direct()) {
    link_.flush(starts, writer_->submitted_bytes());
    return;
  }
  if (options_.group.empty() || commit_ == CommitPolicy::none) return;
  if (consumer_->commit_in_flight()) take_commit_result(consumer_->client().timeout_ms());
  if (consumer_->commit_in_flight()) return;
  // Without a sink's name: nobody claims to have stored what lies below.
  std::vector<Consumer::Commit> commits;
  for (const Checkpoint& start : starts) commits.push_back({start, CommitMetadata{0, ""}.text()});
  consumer_->commit(commits);
}

/// Without a group nobody tells of partitions and topics that were made since.
void Pump::look_for_new_partitions() {
  if (!options_.group.empty() || options_.once || options_.named_partitions()) return;
  if (Clock::now() - last_look_ < look_interval_) return;
  last_look_ = Clock::now();
  std::vector<TopicPartition> added;
  try {
    added = subscription_.discover(consumer_->client());
  } catch (const Error& error) {
    log::info(std::string("looking for new partitions: ") + error.what());
    return;
  }
  if (!added.empty()) consumer_->assign(added);
}

/// Retention (or a truncation) has overtaken the reading: the offset that we want is gone.
void Pump::skip_lost_records(const rd_kafka_message_t& message) {
  Partition* const partition = partition_of(message);
  if (partition == nullptr) return;
  PartitionFacts facts;
  facts.tp = partition->tp;
  facts.group = options_.group;
  facts.on_data_loss = options_.on_data_loss;
  facts.committed = partition->next;
  facts.lineage = CommitMetadata{partition->generation, ""};
  std::vector<PartitionLog> logs;
  ask_brokers([&] {
    logs = read_logs(consumer_->client(), {partition->tp});
    if (logs[0].error != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw consumer_->client().error(to_string(partition->tp), logs[0].error);
  });
  facts.log_start = logs[0].start;
  facts.log_end = logs[0].end;
  const StartDecision decision = decide_start(facts);
  if (decision.generation != partition->generation) {
    throw Error(Exit::temp_fail, to_string(partition->tp) +
                                     ": the log was truncated while it was read. Start the "
                                     "pipeline again: it settles where to go on");
  }
  if (!decision.warning.empty()) log::warning(decision.warning);
  std::vector<StartPosition> others;
  for (const auto& [tp, other] : partitions_) {
    if (tp != partition->tp) others.push_back({tp, other.next});
  }
  consumer_->restart_at({partition->tp, decision.offset}, others);
}

/// A sink that connected only after records were written: harmless unless it holds less than we
/// assumed.
void Pump::check_late_sink() {
  for (const SinkState& sink : link_.take_late_hello()) {
    for (const auto& [tp, partition] : partitions_) {
      const auto found = sink.stored.find(tp);
      const std::int64_t next = found == sink.stored.end() ? partition.start : found->second.next;
      if (next < partition.start) {
        throw Error(Exit::temp_fail, to_string(tp) + ": " + sink.sink +
                                         " came late and holds only up to " + std::to_string(next) +
                                         ", reading began at " + std::to_string(partition.start) +
                                         ". Start the pipeline again");
      }
    }
  }
}

}  // namespace kpipe::kconsume
