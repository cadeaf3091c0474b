// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "common/ack/ack_sender.hpp"
#include "common/base/line_reader.hpp"
#include "common/sink/batch.hpp"
#include "common/sink/options.hpp"
#include "common/sink/sink.hpp"
#include "common/wire/control.hpp"
#include "common/wire/mark.hpp"

namespace kpipe {

/// Counts of one run, for the summary on stderr.
struct SinkCounts {
  std::uint64_t stored = 0;      ///< records made durable by this process
  std::uint64_t duplicates = 0;  ///< records below the stored offset, dropped
  std::uint64_t batches = 0;     ///< successful Sink::store() calls
  /// The input ended as it should: with kconsume's goodbye, if there was a kconsume.
  bool ended_well = false;
};

/// How the input ended, for sinks to which it matters that nothing is missing.
struct SourceEnd {
  bool heard = false;    ///< kconsume has spoken
  bool is_pipe = false;  ///< no end of a file, but that of whoever wrote
  /// kconsume reached the end that its options name: all that must be stored then. Absent: it did
  /// not, or nobody knows.
  std::optional<std::vector<Checkpoint>> end{};
};

/// stdin -> batches -> Sink -> acknowledgements, until EOF. One thread; it waits in poll(2) for
/// input, control messages, signals and the batch's deadline at once.
class SinkLoop {
 public:
  SinkLoop(int input_fd, Sink& sink, const SinkOptions& options);

  /// Returns at EOF with everything stored and acknowledged. Throws Error otherwise: what was not
  /// acknowledged will come again.
  SinkCounts run();
  /// After run().
  SourceEnd source_end() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Partition {
    std::optional<StoredOffset> stored;
    std::int64_t last_seen = -1;  ///< offset of the last line of this stream, against reordering
    std::int64_t marked = 0;      ///< all below it has come, as a mark said
    std::int64_t last_generation = 0;
    bool dropping = false;  ///< the record of last_seen is stored: so are all lines made of it
    std::int64_t asked =
        0;  ///< highest offset that kconsume asked to store (above its last record)
    std::int64_t acked = 0;  ///< said to kconsume under last_generation
  };

  /// The batch timeout when the user gave none.
  static constexpr std::chrono::milliseconds kDefaultBatchTimeout{1000};
  /// The input counts as idle after this long without a byte. Above the pauses of a busy producer
  /// (a fetch from the broker), below what a person notices on a trickle.
  static constexpr std::chrono::milliseconds kIdle{20};
  /// Through a filter, which may take its time between two lines made of one record, a record
  /// counts as whole after this long without a byte.
  static constexpr std::chrono::milliseconds kFilterIdle{1000};

  /// The sink may work on a batch that fills, after each so many bytes of it.
  static constexpr std::size_t kAhead = std::size_t{128} << 10;
  /// It would wait no longer than this for the rest, with a transaction open.
  static constexpr std::chrono::milliseconds kLongestAhead{5000};

  /// After a stop signal: how long to go on towards the end before storing what is here and
  /// leaving.
  static constexpr std::chrono::milliseconds kStopGrace{5000};

  // sink_loop.cpp: input
  void open();
  void wait();
  void take_lines();
  void take_line(std::string_view line);
  void take_record(const Record& record, std::string_view line);
  void check_order(const Partition& state, const TopicPartition& tp, std::int64_t offset,
                   std::int64_t generation) const;
  Partition& partition(std::string_view topic, std::int32_t number);
  int wait_ms(Clock::time_point now) const;
  void on_stop_signal();
  void check_end() const;
  [[noreturn]] static void refuse_zombie(const std::string& where, std::int64_t generation,
                                         std::int64_t newer);
  [[noreturn]] void refuse_line(std::string_view line, std::string_view reason) const;

  // sink_store.cpp: storing
  std::uint32_t range_in_batch(const Record& record, const Partition& state);
  std::string topic_id(const std::string& topic) const;
  bool batch_is_full() const;
  bool batch_is_due(Clock::time_point now) const;
  bool last_record_is_whole(Clock::time_point now) const;
  void store_if_due(Clock::time_point now);
  void leave_out_incomplete();
  void go_ahead();
  void store();
  void rebase();

  // sink_control.cpp: the conversation with kconsume
  void look_for_source();
  void introduce();
  void remember(const std::vector<Checkpoint>& stored);
  void acknowledge();
  void take_control();
  void apply_control();
  void apply(const Flush& request);
  void hear_source();
  void serve_to_the_end();
  void take_mark(const Mark& mark);
  void advance(const Checkpoint& upto);
  void answer(const Assign& request);

  int input_fd_;
  Sink& sink_;
  SinkOptions options_;
  LineReader reader_;
  RecordDecoder decoder_;
  AckSender acks_;
  Batch batch_;
  std::size_t ahead_from_ = kAhead;  ///< bytes of the batch at which go_ahead() is due
  Clock::time_point batch_since_;
  Clock::time_point last_input_;
  std::map<TopicPartition, Partition> partitions_;
  std::map<std::string, std::string> topic_ids_;  ///< as kconsume says
  TopicPartition lookup_;       ///< reused key, so that a record costs no allocation
  Partition* found_ = nullptr;  ///< what it stands for; partitions are never forgotten
  std::deque<ControlLine> control_;
  std::optional<Clock::time_point> stop_at_;
  std::optional<Clock::time_point> tick_at_;  ///< when the sink wants its next tick
  bool opened_ = false;
  bool introduced_ = false;
  bool heard_source_ = false;  ///< kconsume has introduced itself
  bool said_bye_ = false;
  std::optional<std::vector<Checkpoint>> end_;  ///< as the goodbye named it
  bool saw_mark_ = false;
  /// Through a filter: the record that came last may get more lines made of it.
  std::optional<TopicPartition> open_record_;
  bool broken_off_ = false;  ///< EOF in the middle of a filter's work
  bool unacknowledged_duplicates_ = false;
  SourceHello source_;
  SinkCounts counts_;
};

}  // namespace kpipe
