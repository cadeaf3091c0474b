// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/pump.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log.hpp"
#include "common/base/parse.hpp"
#include "common/base/stop.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// One write(2): large enough that the pipe's locks cost nothing per record, small enough that the
/// sink starts while the next is being filled.
constexpr std::size_t kWriteSize = std::size_t{256} << 10;
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
      encoder_(options.format),
      started_(Clock::now()) {
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
  const bool left = link_.gone() || reader_gone_ || writer_->error() == EPIPE;
  sink_left_ = commit_ == CommitPolicy::ack && left && !stop::requested() && !reached_end();
  drain();
  check_end();
}

void Pump::start() {
  ClientConfig config("kconsume", options_.connection);
  consumer_ =
      std::make_unique<Consumer>(std::move(config), options_.group, options_.instance_id, *this);
  Client& client = consumer_->client();
  outage_.emplace(client, options_.stall_timeout);
  link_.set_source(options_.group, client.cluster_id(), options_.marks);
  subscription_.resolve(client);
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
  if (stop::requested() || bad_record_ || reader_gone_ || writer_->error() != 0) return true;
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
  encode_pending();
  if (finished()) return;
  if (next_pending_ < pending_.size()) {
    hold_back();
    return;
  }
  if (read_more()) return;
  if (marks_are_due() && writer_->has_room()) add_marks(nullptr, false);
  if (!out_.bytes.empty() && !batch_may_wait() && writer_->has_room()) submit();
  wait();
}

bool Pump::read_more() {
  pending_.clear();
  next_pending_ = 0;
  consumer_->read(pending_, kReadBatch);
  return !pending_.empty();
}

/// Encodes until stdout takes no more or all is done.
void Pump::encode_pending() {
  while (next_pending_ < pending_.size()) {
    if (out_.bytes.size() >= kWriteSize || out_records_ >= options_.batch_size) {
      if (!writer_->has_room()) return;
      submit();
    }
    if (bad_record_ || (options_.count && records_ >= *options_.count)) return;
    const rd_kafka_message_t& message = *pending_[next_pending_];
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!encode(message)) return;
    } else if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      end_of_partition(message);
    } else {
      fail_on(message);
    }
    pending_[next_pending_++].reset();
  }
  if (blocked_since_ && writer_->has_room()) {
    blocked_since_.reset();
    if (std::exchange(paused_, false)) {
      consumer_->resume();
      log::info("the reader of the pipe goes on: partitions resumed");
    }
  }
}

Pump::Partition* Pump::partition_of(const rd_kafka_message_t& message) {
  if (message.rkt == last_topic_ && last_partition_ != nullptr &&
      last_partition_->tp.partition == message.partition) {
    return last_partition_;
  }
  const auto found =
      partitions_.find(TopicPartition{rd_kafka_topic_name(message.rkt), message.partition});
  if (found == partitions_.end()) return nullptr;
  last_topic_ = message.rkt;
  last_partition_ = &found->second;
  return last_partition_;
}

/// False when the record could not be written: bad_record_ says why.
bool Pump::encode(const rd_kafka_message_t& message) {
  Partition* const partition = partition_of(message);
  // Of an assignment that ended while the record waited, or (after a pause) read twice.
  if (partition == nullptr || message.offset < partition->next) return true;
  if (partition->end && message.offset >= *partition->end) {
    partition->next = std::max(partition->next, *partition->end);
    return true;
  }
  KafkaRecord record;
  record.topic = partition->tp.topic;
  record.partition = message.partition;
  record.offset = message.offset;
  record.generation = partition->generation;
  rd_kafka_timestamp_type_t type{};
  const std::int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) record.timestamp_ms = timestamp;
  if (message.key != nullptr)
    record.key = std::string_view(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) {
    record.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    headers_.clear();
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      RecordHeader& header = headers_.emplace_back();
      header.key = name;
      if (value != nullptr) header.value = std::string_view(static_cast<const char*>(value), size);
    }
    record.headers = &headers_;
  }
  if (out_.bytes.empty()) out_since_ = Clock::now();
  if (!encoder_.encode(record, out_.bytes)) {
    OutBuffer shown;
    append_json_bytes(shown, record.value->substr(0, 60));
    bad_record_.emplace(Exit::data,
                        to_string(partition->tp) + "@" + std::to_string(message.offset) +
                            ": the value is not valid JSON: " + std::string(shown.view()) +
                            ". To read it as text: -f string; as bytes: -f raw");
    return false;
  }
  partition->next = partition->encoded = message.offset + 1;
  partition->in_batch = true;
  ++records_;
  ++out_records_;
  return true;
}

void Pump::fail_on(const rd_kafka_message_t& message) {
  const std::string text =
      rd_kafka_message_errstr(&message) == nullptr ? "" : rd_kafka_message_errstr(&message);
  const std::string where =
      message.rkt == nullptr ? "consumer"
      : message.partition < 0
          ? std::string(rd_kafka_topic_name(message.rkt))
          : to_string(TopicPartition{rd_kafka_topic_name(message.rkt), message.partition});
  const auto say_retrying = [&] {
    log::warning(where + ": " + (text.empty() ? rd_kafka_err2str(message.err) : text) +
                 " (retrying)");
  };
  if (leader_moved(message.err)) {
    say_retrying();
    return;
  }
  if (is_connection_error(message.err)) {
    outage_->on_error(where + ": " + text);
    return;
  }
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
      say_retrying();
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      skip_lost_records(message);
      return;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__FATAL: {
      char reason[512];
      const rd_kafka_resp_err_t fatal =
          rd_kafka_fatal_error(consumer_->client().get(), reason, sizeof reason);
      const rd_kafka_resp_err_t code =
          message.err == RD_KAFKA_RESP_ERR__FATAL ? fatal : message.err;
      if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
          code == RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID) {
        throw Error(Exit::temp_fail, "group " + options_.group + ": --instance-id " +
                                         options_.instance_id +
                                         ": another process uses this id: each needs its own");
      }
      throw consumer_->client().error(where, message.err, fatal == 0 ? text : reason);
    }
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      // librdkafka looks for the coordinator of the name that it was given for no group.
      if (options_.group.empty()) return;
      throw consumer_->client().error("group " + options_.group, message.err, text,
                                      consumer_->group_right());
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      if (message.rkt == nullptr) break;
      throw consumer_->client().error(where, message.err, text,
                                      {"Read", "topic", rd_kafka_topic_name(message.rkt)});
    default:
      break;
  }
  throw consumer_->client().error(where, message.err, text);
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

bool Pump::batch_may_wait() const {
  return options_.batch_timeout && Clock::now() - out_since_ < *options_.batch_timeout;
}

/// stdout takes no more. Waits without reading; after a while pauses the partitions and polls on.
void Pump::hold_back() {
  const auto now = Clock::now();
  if (!blocked_since_) blocked_since_ = now;
  if (now - *blocked_since_ >= kPauseAfter) {
    if (!std::exchange(paused_, true)) {
      consumer_->pause();
      log::info("the reader of the pipe takes nothing: partitions paused");
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
}

}  // namespace kpipe::kconsume
