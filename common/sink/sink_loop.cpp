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

/// How often the sink looks for kconsume's socket before the first line.
constexpr milliseconds kLookInterval{20};
/// Batches need a few megabytes on their way: fewer switches between the two processes.
constexpr int kPipeSize = 1 << 20;

std::string at(const Record& record) {
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset);
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
    tick_at_ = sink_.tick();
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
  hear_source();
  apply_control();
  leave_out_incomplete();
  store();
  acknowledge();
  acks_.drain(10'000);
  take_control();
  apply_control();
  serve_to_the_end();
  if (introduced_ && source_.direct && !said_bye_) {
    log::notice("kconsume ended without a goodbye; all that it had written is stored");
  }
  check_end();
  counts_.ended_well = !heard_source_ || said_bye_;
  return counts_;
}

SourceEnd SinkLoop::source_end() const {
  return {heard_source_, is_pipe(input_fd_), end_};
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
  const bool has_ahead = reader_.has_ahead();
  const int ready = ::poll(fds.data(), fds.size(), has_ahead ? 0 : wait_ms(Clock::now()));
  if (ready < 0 && errno != EINTR) throw system_error("poll", errno);
  if (ready <= 0 && !has_ahead) {
    if (!acks_.connected() && reader_.lines() == 0) look_for_source();
    return;
  }
  if (fds[2].revents != 0) on_stop_signal();
  if (fds[1].revents != 0) take_control();
  if (fds[0].revents != 0 || has_ahead) {
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
  if (tick_at_) until = std::min(until, *tick_at_);
  const auto left = std::chrono::ceil<milliseconds>(until - now).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void SinkLoop::on_stop_signal() {
  stop::clear_fd();
  if (!stop::requested()) return;  // a hangup, for the sink's tick
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
  const std::uint32_t range = range_in_batch(record, state);
  if (batch_.bytes() == 0) batch_since_ = Clock::now();
  batch_.add(record, line, range);
  if (!source_.direct) open_record_ = batch_.range(range).tp;
  if (batch_.bytes() >= ahead_from_) go_ahead();
}

SinkLoop::Partition& SinkLoop::partition(std::string_view topic, std::int32_t number) {
  // Records of one partition come one after the other.
  if (found_ != nullptr && lookup_.partition == number && lookup_.topic == topic) return *found_;
  lookup_.topic.assign(topic);
  lookup_.partition = number;
  found_ = &partitions_[lookup_];
  return *found_;
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
