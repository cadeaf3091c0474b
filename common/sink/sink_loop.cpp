// SPDX-License-Identifier: Apache-2.0
#include "common/sink/sink_loop.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

/// The batch timeout when the user gave none.
constexpr milliseconds kDefaultBatchTimeout{1000};
/// The input counts as idle after this long without a byte. Above the pauses of a busy producer (a
/// fetch from the broker), below what a person notices on a trickle.
constexpr milliseconds kIdle{20};
/// How often the sink looks for kconsume's socket before the first line.
constexpr milliseconds kLookInterval{20};
/// After SIGTERM: how long to go on towards EOF before storing what is here and leaving.
constexpr milliseconds kStopGrace{5000};
/// Through a filter, which may take its time between two lines made of one record, a record counts
/// as whole after this long without a byte.
constexpr milliseconds kFilterIdle{1000};
/// Batches need a few megabytes on their way: fewer switches between the two processes.
constexpr int kPipeSize = 1 << 20;

std::string at(const Record& record) {
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset);
}

[[noreturn]] void refuse_zombie(const std::string& where, std::int64_t generation,
                                std::int64_t newer) {
  throw Error(Exit::temp_fail,
              where + ": generation " + std::to_string(generation) +
                  " is older than the stored one (" + std::to_string(newer) +
                  "): the group's offsets were moved while this pipeline ran. Start it again");
}

}  // namespace

SinkLoop::SinkLoop(int input_fd, Sink& sink, const SinkOptions& options)
    : input_fd_(input_fd),
      sink_(sink),
      options_(options),
      reader_(input_fd),
      acks_(AckChannel{options.acks, options.pipe_name}, sink.name()) {
  // Refused (another owner, a limit) is no harm: only a hint for speed.
  ::fcntl(input_fd, F_SETPIPE_SZ, kPipeSize);
}

SinkCounts SinkLoop::run() {
  look_for_source();
  open();
  for (;;) {
    take_lines();
    apply_control();
    store_if_due(Clock::now());
    if (reader_.at_eof() && control_.empty()) break;
    if (stop_at_ && Clock::now() >= *stop_at_) {
      store();
      acks_.drain(1000);
      throw Error(
          Exit::temp_fail,
          "stdin: still open 5 s after the stop signal: stored and acknowledged what was read. "
          "Stop kconsume first, or stop the whole pipeline");
    }
    wait();
  }
  take_control();
  apply_control();
  leave_out_incomplete();
  store();
  acknowledge();
  acks_.drain(10'000);
  take_control();
  apply_control();
  if (introduced_ && source_.direct && !said_bye_) {
    log::notice("kconsume ended without a goodbye; all that it had written is stored");
  }
  check_end();
  return counts_;
}

void SinkLoop::open() {
  remember(sink_.open());
  opened_ = true;
  if (acks_.connected()) introduce();
  last_input_ = Clock::now();
}

/// A clean end is a whole last line. What follows the last '\n' is a torn record of a producer that
/// died; in a pipeline a new start mends it, in a file nothing does.
void SinkLoop::check_end() const {
  if (broken_off_) {
    throw Error(Exit::temp_fail,
                "stdin: ended without kconsume's goodbye: kconsume or a filter died. All is stored "
                "but the last record, which may lack lines. Start the pipeline again: it comes "
                "again (set -o pipefail shows who died)");
  }
  const std::string_view torn = reader_.remainder();
  if (torn.empty()) return;
  const bool pipe = is_pipe(input_fd_);
  throw Error(pipe ? Exit::temp_fail : Exit::data,
              "stdin: line " + std::to_string(reader_.lines() + 1) +
                  ": torn: " + std::to_string(torn.size()) +
                  " bytes without a line end were discarded; all before is stored. " +
                  (pipe ? "The process before this one died: start the pipeline again"
                        : "The file is cut off: mend its last line"));
}

void SinkLoop::wait() {
  std::array<pollfd, 3> fds{{{reader_.at_eof() ? -1 : input_fd_, POLLIN, 0},
                             {acks_.fd(), acks_.events(), 0},
                             {stop::fd(), POLLIN, 0}}};
  const int ready = ::poll(fds.data(), fds.size(), wait_ms(Clock::now()));
  if (ready < 0 && errno != EINTR) throw system_error("poll", errno);
  if (ready <= 0) {
    if (!acks_.connected() && reader_.lines() == 0) look_for_source();
    return;
  }
  if (fds[2].revents != 0) on_stop_signal();
  if (fds[1].revents != 0) take_control();
  if (fds[0].revents != 0) {
    if (reader_.lines() == 0 && !acks_.connected()) look_for_source();
    if (reader_.fill() == LineReader::Fill::data) last_input_ = Clock::now();
  }
}

int SinkLoop::wait_ms(Clock::time_point now) const {
  Clock::time_point until = now + std::chrono::hours(1);
  if (unacknowledged_duplicates_) until = last_input_ + kIdle;
  if (!batch_.empty()) {
    until = batch_since_ + options_.batch_timeout.value_or(kDefaultBatchTimeout);
    if (!options_.batch_timeout) until = std::min(until, last_input_ + kIdle);
    // Torn lines say that the filter has more: only input can change that.
    if (open_record_) {
      until = reader_.remainder().empty() ? std::max(until, last_input_ + kFilterIdle)
                                          : now + std::chrono::hours(1);
    }
  }
  if (!acks_.connected() && reader_.lines() == 0) until = std::min(until, now + kLookInterval);
  if (stop_at_) until = std::min(until, *stop_at_);
  const auto left = std::chrono::ceil<milliseconds>(until - now).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void SinkLoop::on_stop_signal() {
  stop::clear_fd();
  // Ctrl-C reaches the whole pipeline at once: kconsume closes the pipe and this side must still
  // store and acknowledge what is in it.
  if (!stop_at_) stop_at_ = Clock::now() + kStopGrace;
}

void SinkLoop::take_lines() {
  std::string_view line;
  while (reader_.next(line)) {
    take_line(line);
    if (!control_.empty()) apply_control();
  }
}

void SinkLoop::take_line(std::string_view line) {
  if (line.empty()) return;
  Record record;
  const std::string_view reason = decoder_.decode(line, record);
  if (reason.empty()) {
    take_record(record, line);
    return;
  }
  Mark mark;
  if (!parse_mark(line, mark)) refuse_line(line, reason);
  take_mark(mark);
}

/// Late lines must not look like duplicates.
void SinkLoop::check_order(const Partition& state, const TopicPartition& tp, std::int64_t offset,
                           std::int64_t generation) const {
  const std::string where = to_string(tp) + "@" + std::to_string(offset);
  if (generation < state.last_generation) refuse_zombie(where, generation, state.last_generation);
  const std::int64_t reached = std::max(state.last_seen, state.marked - 1);
  if (generation > state.last_generation || offset >= std::max(state.last_seen, state.marked))
    return;
  throw Error(Exit::data,
              "stdin: line " + std::to_string(reader_.lines()) + ": " + where + " after offset " +
                  std::to_string(reached) +
                  ": records of a partition must stay in order. Take the filter that reorders "
                  "(sort, xargs -P, parallel) out of the pipeline");
}

void SinkLoop::take_record(const Record& record, std::string_view line) {
  Partition& state = partition(record.topic, record.partition);
  const bool replay = record.generation > state.last_generation;
  if (record.offset < std::max(state.last_seen, state.marked) ||
      record.generation < state.last_generation)
    check_order(state, lookup_, record.offset, record.generation);
  // A filter may make several lines of one record; the rest of them are no duplicates of the first.
  const bool same_record = record.offset == state.last_seen && !replay;
  if (replay) state.asked = state.acked = state.marked = 0;
  state.last_seen = record.offset;
  state.last_generation = record.generation;
  // Cut between records only, so that a restart never finds one half stored; and before the record
  // is judged: another instance may turn out to have stored it too.
  if (!same_record && (batch_is_full() || (!source_.direct && batch_is_due(Clock::now())))) store();
  if (!same_record) state.dropping = false;
  if (state.stored && !same_record) {
    if (record.generation < state.stored->generation) {
      refuse_zombie(at(record), record.generation, state.stored->generation);
    }
    if (record.generation == state.stored->generation && record.offset < state.stored->next) {
      state.dropping = true;
    }
  }
  if (state.dropping) {
    ++counts_.duplicates;
    unacknowledged_duplicates_ = true;
    return;
  }
  const std::uint32_t range = range_in_batch(record, partition(record.topic, record.partition));
  if (batch_.bytes() == 0) batch_since_ = Clock::now();
  batch_.add(record, line, range);
  if (!source_.direct) open_record_ = batch_.range(range).tp;
}

SinkLoop::Partition& SinkLoop::partition(std::string_view topic, std::int32_t number) {
  lookup_.topic.assign(topic);
  lookup_.partition = number;
  return partitions_[lookup_];
}

std::uint32_t SinkLoop::range_in_batch(const Record& record, const Partition& state) {
  std::uint32_t index = batch_.range_of(record.topic, record.partition);
  if (batch_.range(index).next != 0 && batch_.range(index).generation != record.generation) {
    store();  // one generation a transaction: each is compared and set on its own
    index = batch_.range_of(record.topic, record.partition);
  }
  Batch::Range& range = batch_.range(index);
  if (range.next == 0) {
    range.expected = state.stored;
    range.generation = record.generation;
    range.topic_id = topic_id(range.tp.topic);
  }
  return index;
}

std::string SinkLoop::topic_id(const std::string& topic) const {
  const auto found = topic_ids_.find(topic);
  return found == topic_ids_.end() ? std::string() : found->second;
}

bool SinkLoop::batch_is_full() const {
  return batch_.entries().size() >= options_.batch_size || batch_.bytes() >= options_.batch_bytes;
}

bool SinkLoop::batch_is_due(Clock::time_point now) const {
  return !batch_.empty() &&
         now - batch_since_ >= options_.batch_timeout.value_or(kDefaultBatchTimeout);
}

/// Never store a part of a record's lines: after a crash the rest would be "below the stored
/// offset". A direct pipe has one line a record; through a filter the next record, a mark or a
/// pause says that no more will come.
bool SinkLoop::last_record_is_whole(Clock::time_point now) const {
  return !open_record_ || (now - last_input_ >= kFilterIdle && reader_.remainder().empty());
}

void SinkLoop::store_if_due(Clock::time_point now) {
  if (batch_.empty()) {
    if (now - last_input_ >= kIdle) acknowledge();  // of duplicates alone
    return;
  }
  const bool idle = !options_.batch_timeout && now - last_input_ >= kIdle;
  if ((idle || batch_is_due(now)) && last_record_is_whole(now)) store();
}

/// At EOF: a filter that died, or was fed by a kconsume that did, may have broken off between the
/// lines of one record.
void SinkLoop::leave_out_incomplete() {
  if (!open_record_) return;
  // The last line of a stream with marks is one. Without, kconsume's goodbye must do: a filter that
  // dies after it is not noticed.
  const bool marked = saw_mark_ || source_.marks;
  if (!marked && (!heard_source_ || said_bye_)) return;
  broken_off_ = true;
  const std::uint32_t index = batch_.range_of(open_record_->topic, open_record_->partition);
  const Batch::Range& range = batch_.range(index);
  // Where a part of it is stored already (after a pause), it will not come again: keep the rest.
  const bool begun = range.expected && range.expected->generation == range.generation &&
                     range.next <= range.expected->next;
  if (!begun) batch_.drop_last(index);
}

void SinkLoop::store() {
  if (batch_.empty()) return;
  while (sink_.store(batch_) == Sink::Outcome::conflict) rebase();
  counts_.stored += batch_.entries().size();
  ++counts_.batches;
  open_record_.reset();
  for (const Batch::Range& range : batch_.ranges()) {
    partitions_[range.tp].stored = StoredOffset{range.next, range.generation, range.topic_id};
  }
  batch_.clear();
  acknowledge();
  last_input_ = Clock::now();  // the time it took says nothing about the input
}

/// Another instance has stored a part of what we hold (a partition moved, or a zombie of it still
/// runs). Drops that part, so that the rest can be stored on top of it.
void SinkLoop::rebase() {
  std::vector<TopicPartition> tps;
  for (const Batch::Range& range : batch_.ranges()) tps.push_back(range.tp);
  std::map<TopicPartition, StoredOffset> now;
  for (const Checkpoint& c : sink_.stored(tps)) now[c.tp] = StoredOffset{c.offset, c.generation};
  for (std::uint32_t i = 0; i < batch_.ranges().size(); ++i) {
    Batch::Range& range = batch_.range(i);
    const auto found = now.find(range.tp);
    const std::optional<StoredOffset> stored =
        found == now.end() ? std::nullopt : std::optional(found->second);
    if (stored == range.expected) continue;
    if (stored && stored->generation > range.generation) {
      refuse_zombie(to_string(range.tp), range.generation, stored->generation);
    }
    const bool same_generation = stored && stored->generation == range.generation;
    const std::int64_t first_kept = same_generation ? stored->next : 0;
    if (range.expected &&
        (!stored || (same_generation && range.expected->generation == range.generation &&
                     stored->next < range.expected->next))) {
      throw Error(Exit::temp_fail,
                  to_string(range.tp) + ": the stored offset went back from " +
                      std::to_string(range.expected->next) + " to " +
                      (stored ? std::to_string(stored->next) : "none") +
                      " (restored from a backup?). Start the pipeline again: it resumes there");
    }
    counts_.duplicates += batch_.drop_below(i, first_kept);
    range.expected = stored;
    range.next = std::max(range.next, first_kept);
    Partition& state = partitions_[range.tp];
    if (same_generation && state.last_generation == range.generation &&
        state.last_seen < first_kept) {
      state.dropping = true;
    }
  }
}

void SinkLoop::refuse_line(std::string_view line, std::string_view reason) const {
  constexpr std::size_t shown = 80;
  throw Error(Exit::data,
              "stdin: line " + std::to_string(reader_.lines()) + ": " + std::string(reason) + ": " +
                  std::string(line.substr(0, shown)) + (line.size() > shown ? "..." : "") +
                  ". A sink needs topic, partition, offset and value of each record: keep them in "
                  "the filter (jq 'select(...)', or .value |= ...)");
}

}  // namespace kpipe
