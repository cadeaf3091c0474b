// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/sink_link.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// A sink that has spoken may need this long for its database to come back.
constexpr std::chrono::seconds kOpening{300};
/// A sink that works answers between two transactions.
constexpr std::chrono::seconds kAnswer{60};

}  // namespace

void SinkLink::open(const std::string& acks_path, int stdout_fd) {
  if (!acks_path.empty()) {
    listener_.open_path(acks_path);
    return;
  }
  const auto pipe = pipe_id(stdout_fd);
  if (pipe && !listener_.listen(*pipe)) {
    log::warning(
        "acknowledgements: no private directory for a socket ($XDG_RUNTIME_DIR, /run/user, /tmp): "
        "use --acks FIFO");
  }
}

void SinkLink::set_source(const std::string& group, const std::string& cluster) {
  source_.group = group;
  source_.cluster = cluster;
  introduced_ = false;
}

std::vector<Checkpoint> SinkLink::pump() {
  receive();
  return std::exchange(acks_, {});
}

void SinkLink::receive() {
  std::vector<ControlLine> lines;
  listener_.pump(lines);
  if (listener_.connected() && !introduced_) {
    source_.direct = listener_.direct();
    listener_.send(source_);
    introduced_ = true;
  }
  for (const ControlLine& line : lines) {
    if (line.sink_hello) handle(*line.sink_hello);
    if (line.ack) acks_.push_back(*line.ack);
  }
}

void SinkLink::handle(const SinkHello& hello) {
  // While pending, a sink may not know its target's full name yet.
  if (said_offsets_ && hello.sink != sink_) {
    throw Error(Exit::config,
                "acknowledgements: '" + hello.sink + "' speaks where '" + sink_ +
                    "' did: two sinks on one channel. Give each its own pipeline and group");
  }
  sink_ = hello.sink;
  pending_ = hello.pending;
  if (hello.pending) return;
  if (!hello.request) {
    late_ = late_ || waited_;
    said_offsets_ = true;
    stored_.clear();
  }
  for (const Checkpoint& c : hello.offsets) stored_[c.tp] = StoredOffset{c.offset, c.generation};
  if (hello.request) answered_ = *hello.request;
}

/// Waits for a line or the deadline; false when time is up or a stop was asked for.
bool SinkLink::wait(Clock::time_point deadline) {
  const auto now = Clock::now();
  if (now >= deadline || stop::requested()) return false;
  std::vector<pollfd> fds{{stop::fd(), POLLIN, 0}};
  listener_.add_poll_fds(fds);
  // Bounded, because a regular file behind --acks has no readiness to wait for.
  const auto left =
      std::min<std::int64_t>(std::chrono::ceil<milliseconds>(deadline - now).count(), 50);
  if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR)
    throw system_error("poll", errno);
  receive();
  return true;
}

bool SinkLink::wait_for_sink(milliseconds patience) {
  if (!possible()) return false;
  const auto first_word = Clock::now() + patience;
  while (!present() && wait(first_word)) {
  }
  const auto opened = Clock::now() + kOpening;
  while (present() && !said_offsets_ && !gone()) {
    if (!wait(opened)) break;
  }
  waited_ = true;
  if (present() && !said_offsets_ && !stop::requested()) {
    throw Error(Exit::temp_fail,
                sink_ + ": the sink went away before it said what it has stored. See its message");
  }
  return said_offsets_;
}

std::optional<SinkLink::Stored> SinkLink::ask(const std::vector<TopicPartition>& partitions) {
  if (!present()) return std::nullopt;
  if (!listener_.connected()) {
    if (reads_path()) return stored_;  // one-way: what the hello said
    throw Error(Exit::temp_fail, sink_ + ": the sink went away. See its message");
  }
  for (const TopicPartition& tp : partitions) stored_.erase(tp);
  const std::int64_t request = ++requests_;
  listener_.send(Assign{request, partitions});
  const auto deadline = Clock::now() + kAnswer;
  while (answered_ != request) {
    if (gone() || !wait(deadline)) {
      throw Error(Exit::temp_fail,
                  sink_ + ": the sink does not say what it has stored. See its message");
    }
  }
  return stored_;
}

std::optional<SinkLink::Stored> SinkLink::take_late_hello() {
  if (!std::exchange(late_, false)) return std::nullopt;
  return stored_;
}

void SinkLink::flush(const std::vector<Checkpoint>& upto, std::uint64_t at_byte) {
  if (!upto.empty()) listener_.send(Flush{upto, at_byte});
}

void SinkLink::bye(std::uint64_t at_byte) {
  listener_.send(Bye{at_byte});
}

}  // namespace kpipe::kconsume
