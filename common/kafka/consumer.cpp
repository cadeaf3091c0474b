// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/consumer.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/base/log.hpp"

namespace kpipe {
namespace {

std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> result;
  for (int i = 0; i < list->cnt; ++i)
    result.push_back({list->elems[i].topic, list->elems[i].partition});
  return result;
}

KafkaPartitionList to_list(const std::vector<TopicPartition>& partitions) {
  KafkaPartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& tp : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition);
  }
  return list;
}

ClientConfig prepared(ClientConfig config, const std::string& group, const std::string& instance_id,
                      void (*on_rebalance)(rd_kafka_t*, rd_kafka_resp_err_t,
                                           rd_kafka_topic_partition_list_t*, void*)) {
  // The delivery guarantee rests on these five.
  config.set("enable.auto.commit", "false");
  config.set("enable.auto.offset.store", "false");
  config.set("auto.offset.reset", "error");
  config.set("enable.partition.eof", "true");
  config.set("check.crcs", "true", true);
  // Under KIP-848 the broker sets these two, and the library refuses them.
  if (config.user_value("group.protocol") != "consumer") {
    // A dead member's partitions move on after this long; Kafka's own default is 45 s.
    config.set("session.timeout.ms", "10000", true);
    config.set("heartbeat.interval.ms", "2000", true);
  }
  // A full queue waits this long before the next fetch; the library's 1 s leaves the pipe dry.
  config.set("fetch.queue.backoff.ms", "2", true);
  // Bounds our memory: records fetched ahead. More does not make it faster (tests/bench).
  config.set("queued.max.messages.kbytes", "16384", true);
  // librdkafka wants a group in every consumer; without ours it never joins or commits.
  config.set("group.id", group.empty() ? "kconsume-without-group" : group);
  if (!instance_id.empty()) config.set("group.instance.id", instance_id);
  rd_kafka_conf_set_rebalance_cb(config.get(), on_rebalance);
  return config;
}

}  // namespace

Consumer::Consumer(ClientConfig config, const std::string& group, const std::string& instance_id,
                   RebalanceHooks& hooks)
    : hooks_(hooks),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      client_(prepared(std::move(config), group, instance_id, &Consumer::on_rebalance),
              RD_KAFKA_CONSUMER, this),
      grouped_(!group.empty()) {
  if (!wake_) throw system_error("eventfd", errno);
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  commit_queue_.reset(rd_kafka_queue_new(client_.get()));
  const std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue_.get(), wake_.get(), &one, sizeof one);
  rd_kafka_queue_io_event_enable(commit_queue_.get(), wake_.get(), &one, sizeof one);
}

Consumer::~Consumer() {
  if (closed_ || !grouped_) return;
  // On the way of an error: leave the group so that others need not wait for the session to end,
  // but run no hooks: their owner is being destroyed.
  hooks_enabled_ = false;
  rd_kafka_consumer_close(client_.get());
}

void Consumer::subscribe(const std::vector<std::string>& topics) {
  KafkaPartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw client_.error("subscribe", code);
}

void Consumer::assign(const std::vector<TopicPartition>& partitions) {
  assigned(to_list(partitions).get());
  if (hook_failure_) std::rethrow_exception(std::exchange(hook_failure_, nullptr));
}

void Consumer::clear_fd() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t n = ::read(wake_.get(), &count, sizeof count);
}

void Consumer::read(std::vector<KafkaMessage>& messages, std::size_t max) {
  raw_.resize(max);
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, raw_.data(), max);
  for (ssize_t i = 0; i < count; ++i) messages.emplace_back(raw_[static_cast<std::size_t>(i)]);
  if (hook_failure_) std::rethrow_exception(std::exchange(hook_failure_, nullptr));
}

void Consumer::pause() {
  paused_ = true;
  apply_pause();
}

void Consumer::resume() {
  paused_ = false;
  apply_pause();
}

void Consumer::restart_at(const StartPosition& lost, const std::vector<StartPosition>& others) {
  // rd_kafka_seek_partitions() refuses a partition whose fetching an error has ended.
  const KafkaPartitionList one = to_list({lost.tp});
  if (is_incremental()) {
    KafkaErrorHandle error(rd_kafka_incremental_unassign(client_.get(), one.get()));
    one->elems[0].offset = lost.offset;
    if (!error) error.reset(rd_kafka_incremental_assign(client_.get(), one.get()));
    if (error) throw client_.error(to_string(lost.tp), rd_kafka_error_code(error.get()));
  } else {
    one->elems[0].offset = lost.offset;
    for (const StartPosition& other : others) {
      rd_kafka_topic_partition_list_add(one.get(), other.tp.topic.c_str(), other.tp.partition)
          ->offset = other.offset;
    }
    const rd_kafka_resp_err_t code = rd_kafka_assign(client_.get(), one.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw client_.error(to_string(lost.tp), code);
  }
  apply_pause();
}

bool Consumer::is_incremental() const {
  const char* const protocol = rd_kafka_rebalance_protocol(client_.get());
  return !grouped_ || (protocol != nullptr && std::string_view(protocol) == "COOPERATIVE");
}

void Consumer::apply_pause() {
  rd_kafka_topic_partition_list_t* raw = nullptr;
  if (rd_kafka_assignment(client_.get(), &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const KafkaPartitionList list(raw);
  if (paused_) {
    rd_kafka_pause_partitions(client_.get(), list.get());
  } else {
    rd_kafka_resume_partitions(client_.get(), list.get());
  }
}

void Consumer::commit(const std::vector<Commit>& offsets) {
  KafkaPartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const Commit& commit : offsets) {
    const Checkpoint& c = commit.checkpoint;
    rd_kafka_topic_partition_t* item =
        rd_kafka_topic_partition_list_add(list.get(), c.tp.topic.c_str(), c.tp.partition);
    item->offset = c.offset;
    // Freed with the list, by free(3).
    item->metadata = ::strdup(commit.metadata.c_str());
    item->metadata_size = commit.metadata.size();
  }
  const rd_kafka_resp_err_t code =
      rd_kafka_commit_queue(client_.get(), list.get(), commit_queue_.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw client_.error("commit", code);
  commit_in_flight_ = true;
}

std::optional<Consumer::CommitResult> Consumer::commit_result(int timeout_ms) {
  if (!commit_in_flight_) return std::nullopt;
  const KafkaEvent event(rd_kafka_queue_poll(commit_queue_.get(), timeout_ms));
  if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT)
    return std::nullopt;
  commit_in_flight_ = false;
  CommitResult result{rd_kafka_event_error(event.get()), {}};
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& item = list->elems[i];
    if (result.error == RD_KAFKA_RESP_ERR_NO_ERROR && item.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      result.error = item.err;
    if (item.err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      result.committed.push_back({{item.topic, item.partition}, item.offset, 0});
    }
  }
  return result;
}

std::vector<CommittedOffset> Consumer::committed(const std::vector<TopicPartition>& partitions) {
  const KafkaPartitionList list = to_list(partitions);
  const rd_kafka_resp_err_t code = client_.ask(
      [&](int timeout_ms) { return rd_kafka_committed(client_.get(), list.get(), timeout_ms); });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw client_.error("committed offsets", code, {}, group_right());
  std::vector<CommittedOffset> result;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& item = list->elems[i];
    CommittedOffset& out = result.emplace_back();
    out.tp = {item.topic, item.partition};
    out.offset = item.offset >= 0 ? item.offset : -1;
    if (item.metadata != nullptr)
      out.metadata.assign(static_cast<const char*>(item.metadata), item.metadata_size);
    out.error = item.err;
    if (item.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw client_.error("committed offset of " + to_string(out.tp), item.err, {}, group_right());
  }
  return result;
}

Right Consumer::group_right() const {
  return {"Read", "group", client_.property("group.id")};
}

void Consumer::close() {
  if (closed_) return;
  closed_ = true;
  if (grouped_) {
    rd_kafka_consumer_close(client_.get());
  } else {
    rd_kafka_assign(client_.get(), nullptr);
  }
  if (hook_failure_) std::rethrow_exception(std::exchange(hook_failure_, nullptr));
}

void Consumer::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code,
                            rd_kafka_topic_partition_list_t* list, void* opaque) {
  auto* const consumer = static_cast<Consumer*>(static_cast<Client*>(opaque)->owner());
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    consumer->assigned(list);
  } else {
    consumer->revoked(list);
  }
}

void Consumer::assigned(rd_kafka_topic_partition_list_t* list) {
  // Taking nothing is an answer too; without one the group would wait for it.
  const KafkaPartitionList nothing(rd_kafka_topic_partition_list_new(0));
  if (!hooks_enabled_) {
    change_assignment(nothing.get(), true);
    return;
  }
  try {
    const std::vector<StartPosition> starts = hooks_.on_assign(to_vector(list));
    const KafkaPartitionList taken(rd_kafka_topic_partition_list_new(list->cnt));
    for (const StartPosition& start : starts) {
      rd_kafka_topic_partition_list_add(taken.get(), start.tp.topic.c_str(), start.tp.partition)
          ->offset = start.offset;
    }
    change_assignment(taken.get(), true);
  } catch (...) {
    // No exception may cross librdkafka's C frames; read() throws it on.
    hook_failure_ = std::current_exception();
    change_assignment(nothing.get(), true);
  }
}

void Consumer::revoked(rd_kafka_topic_partition_list_t* list) {
  try {
    if (hooks_enabled_)
      hooks_.on_revoke(to_vector(list), rd_kafka_assignment_lost(client_.get()) != 0);
  } catch (...) {
    hook_failure_ = std::current_exception();
  }
  change_assignment(list, false);
}

void Consumer::change_assignment(rd_kafka_topic_partition_list_t* list, bool add) {
  KafkaErrorHandle error;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (is_incremental()) {
    error.reset(add ? rd_kafka_incremental_assign(client_.get(), list)
                    : rd_kafka_incremental_unassign(client_.get(), list));
  } else {
    code = rd_kafka_assign(client_.get(), add ? list : nullptr);
  }
  if (error) code = rd_kafka_error_code(error.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !hook_failure_) {
    hook_failure_ = std::make_exception_ptr(client_.error("assignment", code));
  }
  // librdkafka keeps a partition paused when it is lost and comes back, whatever was resumed in
  // between, and starts the others unpaused.
  if (add) apply_pause();
}

}  // namespace kpipe
