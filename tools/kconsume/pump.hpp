// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ack/offset_tracker.hpp"
#include "common/kafka/consumer.hpp"
#include "common/wire/record.hpp"
#include "tools/kconsume/bad_records.hpp"
#include "tools/kconsume/options.hpp"
#include "tools/kconsume/outage.hpp"
#include "tools/kconsume/payloads.hpp"
#include "tools/kconsume/sink_link.hpp"
#include "tools/kconsume/start_position.hpp"
#include "tools/kconsume/subscription.hpp"
#include "tools/kconsume/writer.hpp"

namespace kpipe::kconsume {

/// Kafka -> record lines -> stdout, acknowledgements -> commits. One thread does everything but
/// write(2), in one poll(2) loop; it never waits for stdout, so that rebalances and
/// acknowledgements are served however slow the sink is.
class Pump final : public RebalanceHooks {
 public:
  /// Speaks to nobody yet but the sink: the socket is there when this returns.
  Pump(const Options& options, CommitPolicy commit, int stdout_fd);
  ~Pump() override;

  /// Until the end that the options name, a stop signal, or an error. Throws Error; records that
  /// were written and not acknowledged are an error (temp_fail) when a group is to be committed.
  void run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Partition {
    TopicPartition tp;
    std::int64_t start = 0;
    std::int64_t generation = 0;
    std::int64_t next = 0;     ///< read up to here
    std::int64_t encoded = 0;  ///< behind the last record encoded
    /// A position behind the last record written (the end of the partition, a bad record that was
    /// passed) that is not yet in the tracker.
    std::optional<std::int64_t> eof;
    /// The last position that a sink was asked to store when it had stored all records before it.
    std::int64_t asked = -1;
    std::optional<std::int64_t> end;  ///< --once: where this partition is done
    bool in_batch = false;            ///< has records in out_
    std::int64_t marked = -1;         ///< --marks: said last
    Clock::time_point marked_at{};
    bool done() const { return end && next >= *end; }
  };
  /// What this process did with a partition that it had before.
  struct Memory {
    std::int64_t delivered = 0;
    std::int64_t committed = 0;
    std::int64_t generation = 0;
  };

  // pump.cpp: the loop
  void start();
  bool reached_end() const;
  bool finished() const;
  void step();
  void wait();
  bool read_more();
  void submit();
  bool may_submit() const;
  void hold_back();
  bool batch_may_wait() const;

  // pump_encode.cpp: what was read becomes lines
  void encode_pending();
  bool encode(const rd_kafka_message_t& message);
  void fail_on(const rd_kafka_message_t& message);
  Partition* partition_of(const rd_kafka_message_t& message);

  // pump_positions.cpp: how far a partition was read
  void end_of_partition(const rd_kafka_message_t& message);
  void settle_positions();
  std::int64_t unsettled_positions() const;
  void add_marks(const std::vector<TopicPartition>* only, bool flush);
  bool marks_are_due() const;

  // pump_assign.cpp: partitions come and go
  std::vector<StartPosition> on_assign(const std::vector<TopicPartition>& partitions) override;
  void on_revoke(const std::vector<TopicPartition>& partitions, bool lost) override;
  std::vector<StartPosition> begin_with(const std::vector<TopicPartition>& partitions);
  void ask_brokers(const std::function<void()>& ask);
  std::vector<SinkFacts> gather_facts(const std::vector<TopicPartition>& partitions);
  StartPosition take_over(const PartitionFacts& facts, const StartDecision& decision,
                          std::vector<std::string>& warnings);
  void explain(const std::vector<StartPosition>& starts);
  void check_late_sink();
  void check_group();
  void note_what_was_begun();
  void keep_first_starts(const std::vector<StartPosition>& firsts);
  void look_for_new_partitions();
  void skip_lost_records(const rd_kafka_message_t& message);

  // pump_commit.cpp: acknowledgements, commits, the end
  void take_acks();
  void take_ack(const Checkpoint& ack);
  void hint_at_filter();
  void commit_if_due();
  void take_commit_result(int timeout_ms);
  void commit_now(const std::vector<TopicPartition>* only);
  bool nobody_acknowledges() const;
  void serve_acks(int timeout_ms);
  void wait_for_acks(const std::vector<TopicPartition>& only, Clock::time_point deadline);
  void settle_bad_records(Clock::time_point deadline);
  bool all_acknowledged(const std::vector<TopicPartition>* only) const;
  std::string metadata_of(const Checkpoint& checkpoint) const;
  void drain();
  std::optional<std::vector<Checkpoint>> ends_reached() const;
  bool sink_may_come();
  std::uint64_t signs_of_life() const;
  void check_stall();
  void check_end() const;

  const Options& options_;
  CommitPolicy commit_;
  int stdout_fd_;
  SinkLink link_;
  Subscription subscription_;
  OffsetTracker tracker_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Consumer> consumer_;
  std::optional<Outage> outage_;  ///< from start() on
  Registry registry_;
  std::unique_ptr<JsonSchemaLearner> learner_;  ///< null: none
  RecordEncoder encoder_;                       ///< asks the registry, shows values to the learner
  bool waits_for_schema_ = false;               ///< the next of pending_ does
  BadRecords bad_;
  std::vector<RecordHeader> headers_;

  std::map<TopicPartition, Partition> partitions_;
  std::map<TopicPartition, Memory> memories_;
  std::map<TopicPartition, std::int64_t> ends_;  ///< --once: as seen first
  Partition* last_partition_ = nullptr;  ///< of the last message: the next is mostly its neighbour
  const rd_kafka_topic_t* last_topic_ = nullptr;

  std::vector<KafkaMessage> pending_;  ///< read and not encoded yet
  std::size_t next_pending_ = 0;
  OutBatch out_;
  std::uint64_t out_records_ = 0;
  Clock::time_point out_since_;
  std::uint64_t records_ = 0;

  bool assigned_ = false;  ///< not waiting for partitions after all were taken away
  bool sink_left_ = false;
  bool ending_ = false;    ///< reading is over
  bool complete_ = false;  ///< at the end that the options name
  bool closing_ = false;
  bool reader_gone_ = false;
  bool paused_ = false;
  std::optional<Clock::time_point> blocked_since_;
  Clock::time_point last_commit_;
  Clock::time_point last_look_;
  std::chrono::milliseconds look_interval_{0};
  std::chrono::milliseconds revoke_wait_{0};
  std::uint64_t seen_progress_ = 0;
  Clock::time_point progress_at_;
  std::uint64_t filter_passed_ = 0;  ///< signs_of_life() when last it grew
  Clock::time_point filter_quiet_since_;
  bool said_filter_holds_ = false;
  Clock::time_point started_;
  bool said_nobody_acks_ = false;
  bool explained_ = false;
  std::uint64_t accepted_acks_ = 0;
  std::int64_t unacknowledged_ = 0;  ///< at the end of the run
};

}  // namespace kpipe::kconsume
