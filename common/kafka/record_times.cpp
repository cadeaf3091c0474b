// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/record_times.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>

namespace kpipe {
namespace {

/// Partitions being read at a time: bounds memory, and what one broker is asked for in one fetch.
constexpr std::size_t kPartitions = 500;
/// The next wanted offset of a partition is read on to when it is this near, in records: cheaper
/// than fetching anew.
constexpr std::int64_t kReadOn = 500;

ClientConfig reader_config(const ConnectionOptions& connection) {
  ClientConfig config("kgroups", connection);
  config.set("enable.sparse.connections", "false", true);
  config.set("enable.auto.commit", "false");
  config.set("auto.offset.reset", "error");
  config.set("enable.partition.eof", "true");
  config.set("isolation.level", "read_committed");
  // One record of each partition is wanted. The broker sends whole batches, at least one of them;
  // asked for less it would starve all partitions of a fetch but the first.
  config.set("fetch.message.max.bytes", "65536", true);
  config.set("queued.min.messages", "1", true);
  config.set("fetch.queue.backoff.ms", "1", true);
  // At the last stable offset nothing comes: EOF is to be known soon.
  config.set("fetch.wait.max.ms", "20", true);
  // A topic is looked up when its reading starts; that is now.
  config.set("topic.metadata.refresh.fast.interval.ms", "20", true);
  return config;
}

}  // namespace

/// One partition and what is wanted of it, ascending.
struct RecordTimeReader::Reading {
  TopicPartition tp;
  std::deque<std::int64_t> offsets;
  bool running = false;
};

RecordTimeReader::RecordTimeReader(const ConnectionOptions& connection)
    : client_(reader_config(connection), RD_KAFKA_CONSUMER),
      queue_(rd_kafka_queue_new(client_.get())) {}

RecordTimeReader::~RecordTimeReader() = default;

rd_kafka_topic_t* RecordTimeReader::topic(const std::string& name) {
  RdKafkaPtr<rd_kafka_topic_t>& handle = topics_[name];
  if (!handle) handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  if (!handle) throw client_.error(name, rd_kafka_last_error());
  return handle.get();
}

void RecordTimeReader::start(Reading& reading) {
  if (rd_kafka_consume_start_queue(topic(reading.tp.topic), reading.tp.partition,
                                   reading.offsets.front(), queue_.get()) != 0) {
    throw client_.error(to_string(reading.tp) + ": read a record", rd_kafka_last_error());
  }
  reading.running = true;
}

void RecordTimeReader::stop(Reading& reading) {
  if (!reading.running) return;
  reading.running = false;
  rd_kafka_consume_stop(topic(reading.tp.topic), reading.tp.partition);
}

void RecordTimeReader::take(const rd_kafka_message_t& message, Reading& reading,
                            std::map<RecordQuery, RecordTime>& answers) {
  RecordTime answer;
  std::int64_t reached = message.offset;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    answer.found = true;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const std::int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0) answer.timestamp_ms = timestamp;
  } else {
    // The end, or no way to get there: it holds for all that is still wanted.
    reached = reading.offsets.back();
    if (message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) answer.error = message.err;
  }
  while (!reading.offsets.empty() && reading.offsets.front() <= reached) {
    answers[{reading.tp, reading.offsets.front()}] = answer;
    reading.offsets.pop_front();
  }
}

std::map<RecordQuery, RecordTime> RecordTimeReader::read(const std::vector<RecordQuery>& queries) {
  std::map<RecordQuery, RecordTime> answers;
  std::map<TopicPartition, Reading> readings;
  for (const RecordQuery& query : std::set<RecordQuery>(queries.begin(), queries.end())) {
    Reading& reading = readings[query.tp];
    reading.tp = query.tp;
    reading.offsets.push_back(query.offset);
  }

  auto next = readings.begin();
  std::size_t running = 0;
  const auto start_more = [&] {
    for (; next != readings.end() && running < kPartitions; ++next, ++running) start(next->second);
  };
  using Clock = std::chrono::steady_clock;
  auto deadline = Clock::now() + client_.options().timeout;
  start_more();
  while (running > 0) {
    const KafkaMessage message(rd_kafka_consume_queue(queue_.get(), 100));
    if (!message) {
      if (Clock::now() > deadline) break;
      continue;
    }
    if (message->rkt == nullptr)
      continue;  // of the client as a whole, such as a broker that is down
    const auto found = readings.find({rd_kafka_topic_name(message->rkt), message->partition});
    if (found == readings.end() || !found->second.running) continue;
    Reading& reading = found->second;
    // A record before the one asked for is the head of its batch.
    const std::int64_t before = reading.offsets.front();
    take(*message, reading, answers);
    deadline = Clock::now() + client_.options().timeout;
    if (reading.offsets.empty()) {
      stop(reading);
      --running;
      start_more();
    } else if (reading.offsets.front() != before &&
               reading.offsets.front() - message->offset > kReadOn) {
      stop(reading);
      start(reading);
    }
  }
  for (auto& [tp, reading] : readings) {
    stop(reading);
    for (const std::int64_t offset : reading.offsets)
      answers[{tp, offset}].error = RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  return answers;
}

}  // namespace kpipe
