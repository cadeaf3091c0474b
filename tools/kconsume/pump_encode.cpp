// SPDX-License-Identifier: Apache-2.0
// Pump: what was read becomes lines, or bad records, or an error.
#include <algorithm>
#include <utility>

#include "common/base/log.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe::kconsume {
namespace {

/// One write(2): large enough that the pipe's locks cost nothing per record, small enough that the
/// sink starts while the next is being filled.
constexpr std::size_t kWriteSize = std::size_t{256} << 10;

}  // namespace

/// Encodes until stdout takes no more or all is done.
void Pump::encode_pending() {
  while (next_pending_ < pending_.size()) {
    if (out_.bytes.size() >= kWriteSize || out_records_ >= options_.batch_size) {
      if (!may_submit()) return;
      submit();
    }
    if (bad_.failure() || (options_.count && records_ >= *options_.count)) return;
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
      log::info("partitions resumed");
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

/// False when this is not done with: it has to wait, or the run ends by bad_.failure().
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
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
    record.timestamp_ms = timestamp;
    record.timestamp_type =
        type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? TimestampType::create : TimestampType::log_append;
  }
  if (options_.format.shape.envelope == Envelope::kcat)
    record.broker = rd_kafka_message_broker_id(&message);
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
  const Decoded result = encoder_.encode(record, out_.bytes);
  waits_for_schema_ = result == Decoded::waiting;
  switch (result) {
    case Decoded::ok:
      break;
    case Decoded::waiting:
      return false;
    case Decoded::bad:
      if (bad_.judge(record, encoder_) != BadRecords::Verdict::pass) return false;
      // Where records follow, what the sink stores of them covers this one. Otherwise its position
      // has to be told, as at the end of a partition.
      bad_.count_read();
      partition->next = message.offset + 1;
      partition->eof = partition->next;
      return true;
  }
  bad_.count_read();
  partition->next = partition->encoded = message.offset + 1;
  partition->eof.reset();
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

}  // namespace kpipe::kconsume
