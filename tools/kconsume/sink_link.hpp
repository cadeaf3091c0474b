// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ack/ack_listener.hpp"
#include "common/sink/batch.hpp"
#include "common/wire/control.hpp"

namespace kpipe::kconsume {

/// What one sink holds.
struct SinkState {
  using Stored = std::map<TopicPartition, StoredOffset>;
  std::string sink;
  Stored stored;
};

/// kconsume's side of the conversation with the sink at the end of the pipe (or the sinks behind a
/// tee): who it is, what it holds, what it acknowledges. Of several sinks only what all have
/// acknowledged counts.
class SinkLink {
 public:
  /// Starts to listen: before anything else, so that a sink finds us whenever it looks. Without a
  /// path or name in `channel` it is the socket of the pipe on stdout; on anything but a pipe there
  /// is then no link.
  void open(const AckChannel& channel, int stdout_fd, std::size_t sinks = 1);
  /// Topics have another name on the pipe: with this before it. Here they keep Kafka's.
  void set_topic_prefix(std::string prefix) { prefix_ = std::move(prefix); }
  /// What a sink is told when it connects.
  void set_source(const std::string& group, const std::string& cluster, bool marks = false,
                  bool unbounded = false);

  bool possible() const noexcept { return listener_.active(); }
  /// All sinks have said who they are.
  bool present() const noexcept { return voices_.size() >= expected_; }
  /// One was there and acknowledges no more records.
  bool gone() const noexcept { return listener_.lost_any(); }
  /// No sink is left that could acknowledge records.
  bool all_gone() const noexcept { return listener_.lost_all(); }
  /// The one sink reads our stdout itself and hears what we say: it can be asked to store a
  /// position.
  bool direct() const noexcept { return listener_.connected() && listener_.direct() && present(); }
  /// A sink is there that stores positions, too, as long as it is connected.
  bool keeps_positions() const noexcept { return present() && !listener_.is_path(); }
  bool connected() const noexcept { return listener_.connected(); }
  /// It speaks (or spoke) from behind another process.
  bool through_filter() const noexcept { return present() && !listener_.direct(); }
  /// Their names in order, joined by '+'.
  std::string sink() const;
  bool reads_path() const noexcept { return listener_.is_path(); }

  void add_poll_fds(std::vector<pollfd>& fds) const { listener_.add_poll_fds(fds); }
  /// Reads and writes what is possible now; returns the acknowledgements that came.
  std::vector<Checkpoint> pump();

  /// Waits until the sinks have introduced themselves with their offsets: `patience` for the first
  /// word, then, once they said that they are there, as long as opening a target may take. False:
  /// nobody came.
  bool wait_for_sink(std::chrono::milliseconds patience);

  /// What each sink has stored of these partitions now; `topic_ids` are told along.
  /// Acknowledgements that come meanwhile are kept for the next pump(). Empty when no sink can be
  /// asked. Throws Error(temp_fail) when one does not answer.
  std::vector<SinkState> ask(const std::vector<TopicPartition>& partitions,
                             const std::map<std::string, std::string>& topic_ids = {});
  /// What they said of all partitions so far.
  std::vector<SinkState> known() const;

  /// A sink that came only after records were written: what it holds, once.
  std::vector<SinkState> take_late_hello();

  void flush(std::vector<Checkpoint> upto, std::uint64_t at_byte, bool settled = false);
  /// These are another member's from here on.
  void revoke(std::vector<TopicPartition> partitions, std::uint64_t at_byte);
  /// Said to a sink that comes later, too. `end`: as in Bye.
  void bye(std::uint64_t at_byte, std::optional<std::vector<Checkpoint>> end = std::nullopt);
  /// What the sinks said is all that is wanted: they need not wait for us any more.
  void hang_up() { listener_.hang_up(); }

 private:
  struct Voice {
    SinkState state;
    bool pending = false;  ///< it is opening its target
    bool said_offsets = false;
    std::int64_t answered = 0;
    std::map<TopicPartition, Checkpoint> acked;  ///< kept only where several must agree
  };

  TopicPartition from_pipe(TopicPartition tp) const;
  TopicPartition to_pipe(TopicPartition tp) const;
  void receive();
  Voice& voice_of(const ControlLine& line, const std::string& sink);
  void handle(Voice& voice, const SinkHello& hello);
  void take(const ControlLine& line);
  bool all_said_offsets() const;
  bool wait(std::chrono::steady_clock::time_point deadline);

  AckListener listener_;
  SourceHello source_;
  std::optional<Bye> bye_;  ///< said
  std::string prefix_;
  std::size_t expected_ = 1;
  bool introduced_ = false;  ///< our hello was sent
  bool waited_ = false;
  bool late_ = false;
  std::map<std::string, Voice> voices_;  ///< by connection; on a FIFO by name
  std::int64_t requests_ = 0;
  std::vector<Checkpoint> acks_;
};

}  // namespace kpipe::kconsume
