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

void SinkLink::open(const AckChannel& channel, int stdout_fd, std::size_t sinks) {
  expected_ = sinks;
  listener_.expect(sinks);
  if (!channel.path.empty()) {
    listener_.open_path(channel.path);
    return;
  }
  const auto pipe = pipe_id(stdout_fd);
  if (!pipe && channel.name.empty()) return;
  const bool listening =
      channel.name.empty() ? listener_.listen(*pipe) : listener_.listen(channel.name, pipe);
  if (!listening) {
    log::warning(
        "acknowledgements: no private directory for a socket ($XDG_RUNTIME_DIR, /run/user, /tmp): "
        "use --acks FIFO");
  }
}

void SinkLink::set_source(const std::string& group, const std::string& cluster, bool marks,
                          bool unbounded) {
  source_.unbounded = unbounded;
  source_.marks = marks;
  source_.group = group;
  source_.cluster = cluster;
  introduced_ = false;
}

TopicPartition SinkLink::from_pipe(TopicPartition tp) const {
  if (tp.topic.starts_with(prefix_)) tp.topic.erase(0, prefix_.size());
  return tp;
}

TopicPartition SinkLink::to_pipe(TopicPartition tp) const {
  tp.topic.insert(0, prefix_);
  return tp;
}

std::string SinkLink::sink() const {
  std::vector<std::string> names;
  for (const auto& [key, voice] : voices_) names.push_back(voice.state.sink);
  std::sort(names.begin(), names.end());
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : "+") + name;
  return joined;
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
    if (bye_) {
      listener_.send(source_, *bye_);
    } else {
      listener_.send(source_);
    }
    introduced_ = true;
  }
  for (const ControlLine& line : lines) {
    if (line.sink_hello) handle(voice_of(line, line.sink_hello->sink), *line.sink_hello);
    if (line.ack) take(line);
  }
}

SinkLink::Voice& SinkLink::voice_of(const ControlLine& line, const std::string& sink) {
  // One sink on a FIFO need not name itself in every line, nor keep one name while it is opening.
  const std::string key = line.peer != 0   ? "#" + std::to_string(line.peer)
                          : expected_ == 1 ? "the one"
                                           : sink;
  if (!voices_.contains(key) && voices_.size() == expected_) {
    throw Error(Exit::config, "acknowledgements: '" + sink + "' speaks beside " + this->sink() +
                                  ": more sinks than --sinks says. Give each pipeline its own "
                                  "channel");
  }
  return voices_[key];
}

void SinkLink::handle(Voice& voice, const SinkHello& hello) {
  // While pending, a sink may not know its target's full name yet.
  if (voice.said_offsets && hello.sink != voice.state.sink) {
    throw Error(Exit::config, "acknowledgements: '" + hello.sink + "' speaks where '" +
                                  voice.state.sink +
                                  "' did: two sinks on one channel. Give each its own pipeline and "
                                  "group, or say --sinks 2");
  }
  voice.state.sink = hello.sink;
  voice.pending = hello.pending;
  if (hello.pending) return;
  SinkState::Stored& stored = voice.state.stored;
  if (!hello.request) {
    late_ = late_ || waited_;
    voice.said_offsets = true;
    stored.clear();
  }
  for (const Checkpoint& c : hello.offsets) {
    stored[from_pipe(c.tp)] = StoredOffset{c.offset, c.generation, c.topic_id};
  }
  if (hello.request) voice.answered = *hello.request;
}

/// Of several sinks the slowest counts, and only what is of one generation can be compared.
void SinkLink::take(const ControlLine& line) {
  Checkpoint ack = *line.ack;
  ack.tp = from_pipe(std::move(ack.tp));
  if (expected_ == 1) {
    acks_.push_back(ack);
    return;
  }
  if (line.peer == 0 && line.ack_sink.empty()) {
    log::warning("acknowledgements: " + to_string(ack.tp) +
                 ": a line without \"sink\" was ignored: with --sinks each must name itself");
    return;
  }
  voice_of(line, line.ack_sink).acked[ack.tp] = ack;
  Checkpoint slowest = ack;
  for (const auto& [key, voice] : voices_) {
    const auto found = voice.acked.find(ack.tp);
    if (found == voice.acked.end() || found->second.generation != ack.generation) return;
    slowest.offset = std::min(slowest.offset, found->second.offset);
  }
  if (present()) acks_.push_back(slowest);
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

bool SinkLink::all_said_offsets() const {
  return present() && std::all_of(voices_.begin(), voices_.end(),
                                  [](const auto& item) { return item.second.said_offsets; });
}

bool SinkLink::wait_for_sink(milliseconds patience) {
  if (!possible()) return false;
  const auto first_word = Clock::now() + patience;
  while (!present() && wait(first_word)) {
  }
  const auto opened = Clock::now() + kOpening;
  while (present() && !all_said_offsets() && !gone()) {
    if (!wait(opened)) break;
  }
  waited_ = true;
  if (present() && !all_said_offsets() && !stop::requested()) {
    throw Error(Exit::temp_fail,
                sink() + ": the sink went away before it said what it has stored. See its message");
  }
  if (expected_ > 1 && !present() && !stop::requested()) {
    throw Error(Exit::temp_fail, "--sinks: " + std::to_string(voices_.size()) + " of " +
                                     std::to_string(expected_) +
                                     " sinks have introduced themselves. Are all of them kpipe "
                                     "sinks, started with this pipeline?");
  }
  return all_said_offsets();
}

std::vector<SinkState> SinkLink::known() const {
  std::vector<SinkState> states;
  for (const auto& [key, voice] : voices_) states.push_back(voice.state);
  return states;
}

std::vector<SinkState> SinkLink::ask(const std::vector<TopicPartition>& partitions,
                                     const std::map<std::string, std::string>& topic_ids) {
  if (!present()) return {};
  for (auto& [key, voice] : voices_) {
    for (const TopicPartition& tp : partitions) voice.acked.erase(tp);
  }
  if (!listener_.connected()) {
    if (reads_path()) return known();  // one-way: what the hello said
    throw Error(Exit::temp_fail, sink() + ": the sink went away. See its message");
  }
  for (auto& [key, voice] : voices_) {
    for (const TopicPartition& tp : partitions) voice.state.stored.erase(tp);
  }
  const std::int64_t request = ++requests_;
  Assign question{request, {}, {}};
  for (const TopicPartition& tp : partitions) question.partitions.push_back(to_pipe(tp));
  for (const auto& [topic, id] : topic_ids) question.topic_ids.emplace(prefix_ + topic, id);
  listener_.send(question);
  const auto deadline = Clock::now() + kAnswer;
  const auto answered = [&] {
    return std::all_of(voices_.begin(), voices_.end(),
                       [&](const auto& item) { return item.second.answered == request; });
  };
  while (!answered()) {
    if (gone() || !wait(deadline)) {
      throw Error(Exit::temp_fail,
                  sink() + ": the sink does not say what it has stored. See its message");
    }
  }
  return known();
}

std::vector<SinkState> SinkLink::take_late_hello() {
  if (!std::exchange(late_, false)) return {};
  return known();
}

void SinkLink::flush(std::vector<Checkpoint> upto, std::uint64_t at_byte, bool settled) {
  if (upto.empty()) return;
  for (Checkpoint& checkpoint : upto) checkpoint.tp = to_pipe(std::move(checkpoint.tp));
  listener_.send(Flush{std::move(upto), at_byte, settled});
}

void SinkLink::revoke(std::vector<TopicPartition> partitions, std::uint64_t at_byte) {
  if (partitions.empty()) return;
  for (TopicPartition& tp : partitions) tp = to_pipe(std::move(tp));
  listener_.send(Revoke{std::move(partitions), at_byte});
}

void SinkLink::bye(std::uint64_t at_byte, std::optional<std::vector<Checkpoint>> end) {
  if (end) {
    for (Checkpoint& checkpoint : *end) checkpoint.tp = to_pipe(std::move(checkpoint.tp));
  }
  bye_ = Bye{at_byte, std::move(end)};
  if (introduced_) listener_.send(*bye_);
}

}  // namespace kpipe::kconsume
