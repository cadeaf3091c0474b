// SPDX-License-Identifier: Apache-2.0
// Pump: acknowledgements, commits and the end.
#include <poll.h>
#include <sys/ioctl.h>

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
/// At the natural end of a run the sink may take its time (its database may be away); with no sign
/// of life for this long it is given up.
constexpr std::chrono::minutes kStall{10};
/// Longer than a sink that is at work stays silent.
constexpr std::chrono::seconds kFilterQuiet{15};
/// Far below max.poll.interval.ms.
constexpr std::chrono::seconds kPollWhileDraining{1};
/// A sink that starts so late that all was written before it could connect finds us this long.
constexpr std::chrono::seconds kLateSink{10};
/// How often, in ms, to look around while nothing tells that something happened; that a reader has
/// emptied the pipe nothing does.
constexpr int kAcksLook = 50;
constexpr int kReaderLook = 2;

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
  hint_at_filter();
}

/// Records that stay away behind a filter: dropped is fine, held back in its buffer is not, and
/// from here the two look the same.
void Pump::hint_at_filter() {
  const auto now = Clock::now();
  if (signs_of_life() != filter_passed_ || tracker_.unacknowledged() == 0) {
    filter_passed_ = signs_of_life();
    filter_quiet_since_ = now;
    return;
  }
  if (said_filter_holds_ || !link_.through_filter() || !writer_->idle()) return;
  if (now - filter_quiet_since_ < kFilterQuiet) return;
  said_filter_holds_ = true;
  log::warning(std::to_string(tracker_.unacknowledged()) +
               " records went into the filter and are not acknowledged yet. Where it holds lines "
               "back, let it write each at once (jq --unbuffered, grep --line-buffered, sed -u)" +
               (options_.marks ? "" : "; where it drops them, see --marks"));
}

void Pump::take_ack(const Checkpoint& ack) {
  switch (tracker_.acked(ack)) {
    case OffsetTracker::Ack::accepted:
      ++accepted_acks_;
      return;
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
  // Reading on would go on for ever, and after a restart from where it was.
  if (result->error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    throw consumer_->client().error("commit", result->error, {}, consumer_->group_right());
  // Not an end: what is stored is stored, and the next commit or the next owner covers it.
  const auto failure =
      is_connection_error(result->error) ? consumer_->client().watch().failure() : std::nullopt;
  log::warning(
      "commit: " + (failure ? failure->what() : std::string(rd_kafka_err2str(result->error))) +
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

/// Nobody is there who could acknowledge: a sink that is gone, or none that ever spoke.
bool Pump::nobody_acknowledges() const {
  if (commit_ == CommitPolicy::written) return reader_gone_ || writer_->error() != 0;
  return link_.all_gone() || (!link_.present() && !link_.reads_path());
}

/// One round of a wait in which Kafka's queue is not read: what else may come within so many ms.
void Pump::serve_acks(int timeout_ms) {
  std::vector<pollfd> fds{{writer_->event_fd(), POLLIN, 0}, {bad_.fd(), POLLIN, 0}};
  link_.add_poll_fds(fds);
  if (::poll(fds.data(), fds.size(), timeout_ms) < 0 && errno != EINTR)
    throw system_error("poll", errno);
  writer_->clear_event();
  bad_.serve();
  take_acks();
  settle_positions();
}

/// For a revocation: asks for an early flush and waits, bounded, because the group waits with us.
void Pump::wait_for_acks(const std::vector<TopicPartition>& only, Clock::time_point deadline) {
  std::vector<Checkpoint> asked;
  for (const Checkpoint& c : tracker_.outstanding()) {
    if (concerns(&only, c.tp)) asked.push_back(c);
  }
  link_.flush(asked, writer_->submitted_bytes());
  while (!all_acknowledged(&only) && Clock::now() < deadline && !nobody_acknowledges())
    serve_acks(kAcksLook);
  take_acks();
}

/// Waits, bounded, until bad records that were passed are stored.
void Pump::settle_bad_records(Clock::time_point deadline) {
  for (bad_.serve(); !bad_.settled() && Clock::now() < deadline;) serve_acks(kAcksLook);
}

/// The end of reading: everything encoded goes out, stdout is closed, so that the sink stores the
/// rest, and what it acknowledges is committed.
void Pump::drain() {
  ending_ = true;
  pending_.clear();
  next_pending_ = 0;
  consumer_->pause();
  const auto begun = Clock::now();
  auto last_progress = begun;
  auto last_poll = begun;
  std::uint64_t seen = signs_of_life();
  bool said_bye = false;
  add_marks(nullptr, true);
  for (;;) {
    if (!out_.bytes.empty() && writer_->error() == 0 && may_submit()) submit();
    const bool late_sink = !said_bye && Clock::now() - begun < kLateSink && sink_may_come();
    if (out_.bytes.empty() && bad_.settled() && !said_bye && !late_sink) {
      settle_positions();
      // After a broken pipe there is no clean end to announce: a filter may have died with records.
      if (!reader_gone_ && writer_->error() == 0) {
        link_.bye(writer_->submitted_bytes(), ends_reached());
      }
      writer_->finish();
      said_bye = true;
    }
    const bool written = reader_gone_ || writer_->error() != 0 || (said_bye && writer_->idle());
    const bool positions_wait = link_.connected() && unsettled_positions() > 0;
    if (written && (all_acknowledged(nullptr) || (nobody_acknowledges() && !positions_wait))) break;
    serve_acks(late_sink ? kReaderLook : kAcksLook);
    const auto now = Clock::now();
    if (seen != signs_of_life()) {
      seen = signs_of_life();
      last_progress = now;
    }
    const bool hurry = stop::requested() || reader_gone_ || writer_->error() != 0;
    if (now - last_progress >= (hurry ? options_.drain_timeout : kStall)) break;
    if (now - last_poll >= kPollWhileDraining) {
      // Kafka takes a member that does not poll for dead. Records are thrown away: they were not
      // delivered.
      last_poll = now;
      consumer_->read(pending_, 100);
      pending_.clear();
    }
  }
  take_acks();
  settle_positions();
  link_.hang_up();
  commit_now(nullptr);
  // close() empties the tracker. A position that no sink was left to store comes again, no record.
  unacknowledged_ = tracker_.unacknowledged() - unsettled_positions();
  closing_ = true;
  consumer_->close();
}

/// For the goodbye. What is read and not encoded, or above the end, does not count.
std::optional<std::vector<Checkpoint>> Pump::ends_reached() const {
  if (!complete_) return std::nullopt;
  std::vector<Checkpoint> ends;
  for (const auto& [tp, partition] : partitions_) {
    const std::int64_t reached = partition.eof.value_or(partition.encoded);
    if (reached > partition.start) ends.push_back(Checkpoint{tp, reached, partition.generation});
  }
  return ends;
}

/// Lines wait in the pipe, and no sink has spoken: one does so before it takes them. With a group
/// a sink is waited for at the start.
bool Pump::sink_may_come() {
  if (!options_.group.empty() || !link_.possible() || link_.present() || stop::requested())
    return false;
  pollfd reader{stdout_fd_, 0, 0};
  int unread = 0;
  if (!writer_->idle()) return writer_->error() == 0;
  if (::poll(&reader, 1, 0) < 0 || (reader.revents & POLLERR) != 0 ||
      ::ioctl(stdout_fd_, FIONREAD, &unread) != 0)
    return false;
  // Whoever took the last of them has been heard by now, if it is a sink.
  if (unread == 0) take_acks();
  return unread > 0;
}

/// Polling for ever would hide a sink that is dead behind a living process.
void Pump::check_stall() {
  const bool matters = commit_ == CommitPolicy::ack || link_.present();
  const auto now = Clock::now();
  // A filter that lets nothing through is no dead sink, unless it takes nothing either.
  const bool expected =
      link_.direct() || options_.marks ? tracker_.unacknowledged() > 0 : !writer_->has_room();
  if (!matters || !expected || signs_of_life() != seen_progress_) {
    seen_progress_ = signs_of_life();
    progress_at_ = now;
    return;
  }
  if (now - progress_at_ < options_.stall_timeout) return;
  throw Error(Exit::temp_fail,
              std::to_string(tracker_.unacknowledged()) +
                  " records were written and not acknowledged" +
                  (options_.group.empty() ? "" : "; their offsets are not committed") +
                  ": no progress within --stall-timeout. " +
                  (link_.present() ? link_.sink() + " hangs, or its database does"
                                   : "Nobody acknowledges"));
}

/// Grows whenever the reader of the pipe does anything.
std::uint64_t Pump::signs_of_life() const {
  return accepted_acks_ + writer_->written_batches();
}

void Pump::check_end() const {
  const int error = reader_gone_ ? EPIPE : writer_->error();
  bad_.sum_up();
  if (bad_.failure()) throw *bad_.failure();
  if (error != 0 && error != EPIPE) throw system_error("stdout", error);
  if (!bad_.settled()) {
    throw Error(Exit::temp_fail,
                "bad records could not be put aside in time; nothing is committed from the first "
                "of them on");
  }
  const bool must_settle = commit_ == CommitPolicy::ack || link_.present();
  if (must_settle && unacknowledged_ > 0) {
    throw Error(
        Exit::temp_fail,
        std::to_string(unacknowledged_) + " records were written and not acknowledged" +
            (options_.group.empty() ? "" : "; their offsets are not committed") +
            (error == EPIPE     ? ": the reader of the pipe ended"
             : !link_.present() ? ": nobody acknowledges. End the pipeline in a kpipe sink, or "
                                  "say --commit written or --commit none"
             : link_.through_filter() && link_.gone()
                 ? ": a filter dropped them, or died before it passed them on. They are read again "
                   "next time"
             : link_.gone() ? ": " + link_.sink() + " went away. See its message"
                            : ": " + link_.sink() + " did not in time (see --drain-timeout)"));
  }
  if (sink_left_) {
    throw Error(Exit::temp_fail, link_.present() ? link_.sink() + " went away. See its message"
                                                 : "stdout: the reader of the pipe ended");
  }
  if (commit_ == CommitPolicy::written && error == EPIPE) {
    throw Error(Exit::temp_fail,
                "stdout: the reader of the pipe ended; what was written before is committed");
  }
}

}  // namespace kpipe::kconsume
