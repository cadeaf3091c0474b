// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/pump.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log.hpp"
#include "common/base/parse.hpp"
#include "common/base/stop.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// Messages taken from librdkafka at once: its lock is paid once for them.
constexpr std::size_t kReadBatch = 2'000;
/// Below this a full pipe is everyday back-pressure. Above it the partitions are paused, so that
/// Kafka can be polled without taking more records.
constexpr milliseconds kPauseAfter{1'000};
/// The loop looks around this often even when nothing happens.
constexpr milliseconds kTick{250};
/// How often to look for new partitions without a group, if the configuration does not say.
constexpr milliseconds kLookInterval{300'000};
/// Longest wait for acknowledgements when partitions are revoked; the group waits with us. Never
/// more than a quarter of max.poll.interval.ms, after which the group would go on without us.
constexpr milliseconds kRevokeWait{30'000};
constexpr milliseconds kMaxPoll{300'000};

}  // namespace

Pump::Pump(const Options& options, CommitPolicy commit, int stdout_fd)
    : options_(options),
      commit_(commit),
      stdout_fd_(stdout_fd),
      subscription_(options),
      registry_(make_registry(options)),
      learner_(options.format.learn_schema.empty() ? nullptr
                                                   : std::make_unique<JsonSchemaLearner>()),
      encoder_(make_encoder(options, registry_, learner_.get())),
      bad_(options),
      started_(Clock::now()) {
  link_.set_topic_prefix(options.format.shape.topic_prefix);
  if (commit_ != CommitPolicy::written)
    link_.open({options.acks, options.pipe_name}, stdout_fd, options.sinks);
  writer_ = std::make_unique<Writer>(stdout_fd);
}

Pump::~Pump() {
  // On the way of an error the sink may be blocked for good; never wait for it here.
  if (writer_ && !writer_->idle()) Writer::abandon(std::move(writer_));
}

void Pump::run() {
  start();
  while (!finished()) step();
  // Also with nothing outstanding an end that nobody asked for must not look like one.
  complete_ = reached_end() && !bad_.failure();
  const bool left = link_.gone() || reader_gone_ || writer_->error() == EPIPE;
  sink_left_ = commit_ == CommitPolicy::ack && left && !stop::requested() && !reached_end();
  drain();
  if (learner_) learner_->save(options_.format.learn_schema);
  check_end();
}

void Pump::start() {
  ClientConfig config("kconsume", options_.connection);
  consumer_ =
      std::make_unique<Consumer>(std::move(config), options_.group, options_.instance_id, *this);
  Client& client = consumer_->client();
  outage_.emplace(client, options_.stall_timeout);
  link_.set_source(options_.group, client.cluster_id(), options_.marks,
                   !options_.once && !options_.count);
  subscription_.resolve(client);
  bad_.open(client);
  const auto interval = [&](const char* property, milliseconds otherwise) {
    const auto value = parse_int(client.property(property));
    return value && *value > 0 ? milliseconds(*value) : otherwise;
  };
  look_interval_ = interval("topic.metadata.refresh.interval.ms", kLookInterval);
  revoke_wait_ = std::min(kRevokeWait, interval("max.poll.interval.ms", kMaxPoll) / 4);
  note_what_was_begun();
  last_commit_ = last_look_ = progress_at_ = Clock::now();
  if (!options_.group.empty() && options_.named_partitions()) check_group();
  if (options_.group.empty() || options_.named_partitions()) {
    consumer_->assign(subscription_.partitions());
  } else {
    consumer_->subscribe(subscription_.names());
  }
}

/// The end that the options name.
bool Pump::reached_end() const {
  if (options_.count && records_ >= *options_.count) return true;
  if (!options_.once || !assigned_) return false;
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const auto& item) { return item.second.done(); });
}

bool Pump::finished() const {
  if (stop::requested() || bad_.failure() || reader_gone_ || writer_->error() != 0) return true;
  if (commit_ == CommitPolicy::ack && link_.gone()) return true;
  return reached_end();
}

void Pump::step() {
  take_acks();
  check_late_sink();
  check_stall();
  outage_->check();
  look_for_new_partitions();
  commit_if_due();
  bad_.serve();
  encode_pending();
  if (finished()) return;
  if (next_pending_ < pending_.size()) {
    if (waits_for_schema_ && !out_.bytes.empty() && may_submit()) submit();
    hold_back();
    return;
  }
  if (read_more()) return;
  if (marks_are_due() && writer_->has_room()) add_marks(nullptr, false);
  if (!out_.bytes.empty() && !batch_may_wait() && may_submit()) submit();
  wait();
}

bool Pump::read_more() {
  pending_.clear();
  next_pending_ = 0;
  consumer_->read(pending_, kReadBatch);
  return !pending_.empty();
}

/// Hands the batch to the writer. From here on its records count as delivered.
void Pump::submit() {
  if (marks_are_due()) add_marks(nullptr, false);
  for (auto& [tp, partition] : partitions_) {
    if (!partition.in_batch) continue;
    partition.in_batch = false;
    tracker_.delivered(tp, partition.encoded);
    out_.upto.push_back(Checkpoint{tp, partition.encoded, partition.generation});
  }
  writer_->submit(out_);
  out_records_ = 0;
}

/// Nothing behind a bad record may be stored before that is.
bool Pump::may_submit() const {
  return writer_->has_room() && bad_.settled();
}

bool Pump::batch_may_wait() const {
  return options_.batch_timeout && Clock::now() - out_since_ < *options_.batch_timeout;
}

/// stdout takes no more, or what comes next has to wait. Waits without reading; after a while
/// pauses the partitions and polls on.
void Pump::hold_back() {
  const auto now = Clock::now();
  if (!blocked_since_) blocked_since_ = now;
  if (now - *blocked_since_ >= kPauseAfter) {
    if (!std::exchange(paused_, true)) {
      consumer_->pause();
      log::info(std::string(waits_for_schema_ ? "a schema is not there yet"
                            : bad_.settled()  ? "the reader of the pipe takes nothing"
                                              : "bad records are not put aside yet") +
                ": partitions paused");
    }
    consumer_->read(pending_, kReadBatch);
  }
  wait();
}

void Pump::wait() {
  // Positions at the end of a partition are told once their records are on the way.
  settle_positions();
  // Asking for nothing still tells when the reader of the pipe has gone: an idle topic writes
  // nothing that would fail.
  std::vector<pollfd> fds{
      {stop::fd(), POLLIN, 0}, {writer_->event_fd(), POLLIN, 0}, {stdout_fd_, 0, 0}};
  if (!blocked_since_ || paused_) fds.push_back({consumer_->fd(), POLLIN, 0});
  fds.push_back({bad_.fd(), POLLIN, 0});
  if (registry_.schemas) fds.push_back({registry_.schemas->event_fd(), POLLIN, 0});
  link_.add_poll_fds(fds);
  milliseconds timeout = kTick;
  if (!out_.bytes.empty() && options_.batch_timeout) {
    timeout = std::clamp(
        std::chrono::ceil<milliseconds>(out_since_ + *options_.batch_timeout - Clock::now()),
        milliseconds(0), kTick);
  }
  if (::poll(fds.data(), fds.size(), static_cast<int>(timeout.count())) < 0 && errno != EINTR) {
    throw system_error("poll", errno);
  }
  reader_gone_ = (fds[2].revents & POLLERR) != 0;
  writer_->clear_event();
  consumer_->clear_fd();
  if (registry_.schemas) registry_.schemas->clear_event();
}

}  // namespace kpipe::kconsume
