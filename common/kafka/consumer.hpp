// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "common/base/fd.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/offsets.hpp"

namespace kpipe {

/// Where to read a partition from.
struct StartPosition {
  TopicPartition tp;
  std::int64_t offset = 0;
};

/// What the owner of a Consumer does when partitions come and go. Called from Consumer::read() and
/// Consumer::close() only, on the caller's thread.
class RebalanceHooks {
 public:
  virtual ~RebalanceHooks() = default;
  /// New partitions; returns where to read them from, or leaves out those that are not to be read
  /// (the end has come). May block for seconds: heartbeats go on.
  virtual std::vector<StartPosition> on_assign(const std::vector<TopicPartition>& partitions) = 0;
  /// The last moment to commit for these partitions; when `lost`, others may have them already and
  /// nothing may be committed.
  virtual void on_revoke(const std::vector<TopicPartition>& partitions, bool lost) = 0;
};

/// A Kafka consumer that commits nothing by itself and never jumps: positions come from the hooks,
/// commits from commit(). Not for use by two threads.
class Consumer {
 public:
  /// An empty group means plain partitions: assign() instead of subscribe(). An `instance_id` makes
  /// a static member (KIP-345): restarted under the same id it takes up its partitions at once.
  Consumer(ClientConfig config, const std::string& group, const std::string& instance_id,
           RebalanceHooks& hooks);
  ~Consumer();

  Client& client() noexcept { return client_; }

  void subscribe(const std::vector<std::string>& topics);
  /// Reads these partitions too, without a group's protocol. Calls the hooks' on_assign() at once.
  void assign(const std::vector<TopicPartition>& partitions);

  /// Readable when read() may have something; for poll(2).
  int fd() const noexcept { return wake_.get(); }
  void clear_fd() noexcept;

  /// Appends up to `max` messages that are here already: records, end-of-partition events and
  /// errors. Serves rebalances. Must be called at least every max.poll.interval.ms. Rethrows what
  /// hooks threw.
  void read(std::vector<KafkaMessage>& messages, std::size_t max);

  /// Stops fetching, also partitions that are assigned later; records fetched and not read yet are
  /// fetched again.
  void pause();
  void resume();

  /// Reads an assigned partition again, whose offset was out of range so that its fetching has
  /// ended. `others`: all other assigned partitions and where they stand. Throws Error.
  void restart_at(const StartPosition& lost, const std::vector<StartPosition>& others);

  /// Partitions come and go one by one: without a group, and under cooperative protocols (KIP-429,
  /// KIP-848). Otherwise each rebalance takes all away first.
  bool is_incremental() const;

  struct Commit {
    Checkpoint checkpoint;
    std::string metadata;
  };
  /// Sends a commit; at most one is under way. The answer comes out of commit_result().
  void commit(const std::vector<Commit>& offsets);
  bool commit_in_flight() const noexcept { return commit_in_flight_; }
  struct CommitResult {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::vector<Checkpoint> committed;  ///< those that Kafka took
  };
  /// Waits up to `timeout_ms` for the answer.
  std::optional<CommitResult> commit_result(int timeout_ms);

  /// What the group has committed, in the order asked. Throws Error.
  std::vector<CommittedOffset> committed(const std::vector<TopicPartition>& partitions);

  /// What a member of the group must be allowed.
  Right group_right() const;

  /// Leaves the group (hooks run) and ends the client. Called by the destructor too, then without
  /// hooks.
  void close();

 private:
  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* list, void* opaque);
  void assigned(rd_kafka_topic_partition_list_t* list);
  void revoked(rd_kafka_topic_partition_list_t* list);
  void change_assignment(rd_kafka_topic_partition_list_t* list, bool add);
  void apply_pause();

  RebalanceHooks& hooks_;
  std::exception_ptr hook_failure_;
  UniqueFd wake_;
  Client client_;
  KafkaQueue queue_;
  KafkaQueue commit_queue_;
  std::vector<rd_kafka_message_t*> raw_;
  bool grouped_;
  bool hooks_enabled_ = true;
  bool paused_ = false;
  bool commit_in_flight_ = false;
  bool closed_ = false;
};

}  // namespace kpipe
