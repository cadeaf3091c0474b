// SPDX-License-Identifier: Apache-2.0
// Pump: acknowledgements, commits and the end.
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// When nobody has acknowledged anything for this long, somebody should be told.
constexpr std::chrono::seconds kNobodyAcks{10};

bool concerns(const std::vector<TopicPartition>* only, const TopicPartition& tp) {
  return only == nullptr || std::find(only->begin(), only->end(), tp) != only->end();
}

}  // namespace

void Pump::take_acks() {
  for (const Checkpoint& ack : link_.pump()) take_ack(ack);
  if (commit_ == CommitPolicy::written) {
    for (const Checkpoint& written : writer_->take_written()) tracker_.acked(written);
  }
  if (commit_ == CommitPolicy::ack && !said_nobody_acks_ && !link_.present() &&
      tracker_.unacknowledged() > 0 && Clock::now() - started_ > kNobodyAcks) {
    said_nobody_acks_ = true;
    log::warning(
        "nobody acknowledges: nothing is committed. End the pipeline in a kpipe sink, give both "
        "ends --acks FIFO, "
        "or say --commit written or --commit none");
  }
}

void Pump::take_ack(const Checkpoint& ack) {
  switch (tracker_.acked(ack)) {
    case OffsetTracker::Ack::accepted:
    case OffsetTracker::Ack::not_ahead:
      return;
    case OffsetTracker::Ack::not_assigned:
      log::info("acknowledgement refused: " + to_string(ack.tp) + "@" + std::to_string(ack.offset) +
                ": not assigned here now");
      break;
    case OffsetTracker::Ack::wrong_generation:
      log::info("acknowledgement refused: " + to_string(ack.tp) + "@" + std::to_string(ack.offset) +
                ": of another generation");
      break;
    case OffsetTracker::Ack::beyond_delivered:
      if (link_.direct()) {
        throw Error(Exit::software,
                    "acknowledgement: " + to_string(ack.tp) + "@" + std::to_string(ack.offset) +
                        ": above what was written. This is a bug; nothing was committed for it");
      }
      log::warning("acknowledgement refused: " + to_string(ack.tp) + "@" +
                   std::to_string(ack.offset) +
                   ": above what was written. Is this FIFO used by another pipeline?");
      break;
  }
  ++refused_acks_;
}

/// Tells the tracker, and a sink that reads us directly, of positions above the last record.
void Pump::settle_positions() {
  std::vector<Checkpoint> ask;
  const bool sink_decides = link_.direct();
  for (auto& [tp, partition] : partitions_) {
    if (!partition.eof || partition.in_batch) continue;
    tracker_.position(tp, *partition.eof, sink_decides);
    if (tracker_.delivered_offset(tp) != *partition.eof) continue;
    ask.push_back(Checkpoint{tp, *partition.eof, partition.generation});
    partition.encoded = *partition.eof;
    partition.eof.reset();
  }
  if (sink_decides) link_.flush(ask, writer_->submitted_bytes());
}

std::string Pump::metadata_of(const Checkpoint& checkpoint) const {
  return CommitMetadata{checkpoint.generation, link_.sink()}.text();
}

void Pump::commit_if_due() {
  if (options_.group.empty() || commit_ == CommitPolicy::none) return;
  take_commit_result(0);
  const auto now = Clock::now();
  if (consumer_->commit_in_flight() || now - last_commit_ < options_.commit_interval) return;
  const std::vector<Checkpoint> due = tracker_.committable();
  if (due.empty()) return;
  last_commit_ = now;
  std::vector<Consumer::Commit> commits;
  for (const Checkpoint& c : due) commits.push_back({c, metadata_of(c)});
  consumer_->commit(commits);
}

void Pump::take_commit_result(int timeout_ms) {
  const auto result = consumer_->commit_result(timeout_ms);
  if (!result) return;
  for (const Checkpoint& c : result->committed) tracker_.committed(c.tp, c.offset);
  if (result->error == RD_KAFKA_RESP_ERR_NO_ERROR || result->error == RD_KAFKA_RESP_ERR__NO_OFFSET)
    return;
  // Not an end: what is stored is stored, and the next commit or the next owner covers it.
  log::warning(std::string("commit: ") + rd_kafka_err2str(result->error) +
               " (the sink's offsets stay right)");
}

/// Commits what is acknowledged and waits for Kafka's answer.
void Pump::commit_now(const std::vector<TopicPartition>* only) {
  if (options_.group.empty() || commit_ == CommitPolicy::none) return;
  const int timeout = consumer_->client().timeout_ms();
  take_commit_result(consumer_->commit_in_flight() ? timeout : 0);
  if (consumer_->commit_in_flight()) return;
  std::vector<Consumer::Commit> commits;
  for (const Checkpoint& c : tracker_.committable()) {
    if (concerns(only, c.tp)) commits.push_back({c, metadata_of(c)});
  }
  if (commits.empty()) return;
  consumer_->commit(commits);
  take_commit_result(timeout);
}

bool Pump::all_acknowledged(const std::vector<TopicPartition>* only) const {
  const std::vector<Checkpoint> left = tracker_.outstanding();
  return std::none_of(left.begin(), left.end(),
                      [&](const Checkpoint& c) { return concerns(only, c.tp); });
}

/// Asks for an early flush and waits, serving everything but Kafka's queue.
void Pump::wait_for_acks(const std::vector<TopicPartition>* only, Clock::time_point deadline) {
  if (commit_ == CommitPolicy::none && !link_.present()) return;
  std::vector<Checkpoint> asked;
  for (const Checkpoint& c : tracker_.outstanding()) {
    if (concerns(only, c.tp)) asked.push_back(c);
  }
  link_.flush(asked, writer_->submitted_bytes());
  while (!all_acknowledged(only) && Clock::now() < deadline) {
    // Nobody there who could acknowledge: a sink that is gone, or none that ever spoke.
    if (commit_ != CommitPolicy::written &&
        (link_.gone() || (!link_.present() && !link_.reads_path())))
      break;
    if (commit_ == CommitPolicy::written && writer_->error() != 0) break;
    std::vector<pollfd> fds{{writer_->event_fd(), POLLIN, 0}};
    link_.add_poll_fds(fds);
    if (::poll(fds.data(), fds.size(), 50) < 0 && errno != EINTR) throw system_error("poll", errno);
    writer_->clear_event();
    take_acks();
    settle_positions();
  }
  take_acks();
}

/// The end of reading: everything encoded goes out, stdout is closed, so that the sink stores the
/// rest, and what it acknowledges is committed.
void Pump::drain() {
  draining_ = true;
  const auto deadline = Clock::now() + options_.drain_timeout;
  pending_.clear();
  next_pending_ = 0;
  drain_writer(deadline);
  take_acks();
  settle_positions();
  wait_for_acks(nullptr, deadline);
  settle_positions();
  commit_now(nullptr);
  unacknowledged_ = tracker_.unacknowledged();  // close() empties the tracker
  consumer_->close();
}

void Pump::drain_writer(Clock::time_point deadline) {
  bool said_bye = false;
  while (writer_->error() == 0 && Clock::now() < deadline) {
    if (!out_.bytes.empty() && writer_->has_room()) submit();
    if (out_.bytes.empty() && !said_bye) {
      settle_positions();
      link_.bye(writer_->submitted_bytes());
      writer_->finish();
      said_bye = true;
    }
    if (said_bye && writer_->idle()) return;
    std::vector<pollfd> fds{{writer_->event_fd(), POLLIN, 0}};
    link_.add_poll_fds(fds);
    if (::poll(fds.data(), fds.size(), 50) < 0 && errno != EINTR) throw system_error("poll", errno);
    writer_->clear_event();
    take_acks();
  }
}

void Pump::check_end() const {
  const int error = writer_->error();
  if (bad_record_) throw *bad_record_;
  if (error != 0 && error != EPIPE) throw system_error("stdout", error);
  const bool must_settle = commit_ == CommitPolicy::ack || link_.present();
  if (must_settle && unacknowledged_ > 0) {
    throw Error(
        Exit::temp_fail,
        std::to_string(unacknowledged_) + " records were written and not acknowledged" +
            (options_.group.empty() ? "" : "; their offsets are not committed") +
            (error == EPIPE     ? ": the reader of the pipe ended"
             : !link_.present() ? ": nobody acknowledges. End the pipeline in a kpipe sink, or "
                                  "say --commit written or --commit none"
             : link_.gone()     ? ": " + link_.sink() + " went away. See its message"
                                : ": " + link_.sink() + " did not within --drain-timeout"));
  }
  if (commit_ == CommitPolicy::written && error == EPIPE) {
    throw Error(Exit::temp_fail,
                "stdout: the reader of the pipe ended; what was written before is committed");
  }
}

}  // namespace kpipe::kconsume
