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

/// kconsume's side of the conversation with the sink at the end of the pipe: who it is, what it
/// holds, what it acknowledges.
class SinkLink {
 public:
  using Stored = std::map<TopicPartition, StoredOffset>;

  /// Starts to listen: before anything else, so that the sink finds us whenever it looks. An empty
  /// path means the socket of the pipe on stdout; on anything but a pipe there is then no link.
  void open(const std::string& acks_path, int stdout_fd);
  /// What the sink is told when it connects.
  void set_source(const std::string& group, const std::string& cluster);

  bool possible() const noexcept { return listener_.active(); }
  /// A sink has said who it is.
  bool present() const noexcept { return !sink_.empty(); }
  /// It was there and has closed the channel.
  bool gone() const noexcept { return listener_.disconnected(); }
  /// The sink reads our stdout itself and hears what we say: it can be asked to store a position.
  bool direct() const noexcept { return listener_.connected() && listener_.direct() && present(); }
  /// It speaks (or spoke) from behind another process.
  bool through_filter() const noexcept { return present() && !listener_.direct(); }
  const std::string& sink() const noexcept { return sink_; }
  bool reads_path() const noexcept { return listener_.is_path(); }

  void add_poll_fds(std::vector<pollfd>& fds) const { listener_.add_poll_fds(fds); }
  /// Reads and writes what is possible now; returns the acknowledgements that came.
  std::vector<Checkpoint> pump();

  /// Waits until a sink has introduced itself with its offsets: `patience` for its first word,
  /// then, once it said that it is there, as long as opening its target may take. False: nobody
  /// came.
  bool wait_for_sink(std::chrono::milliseconds patience);

  /// What the sink has stored of these partitions now. Acknowledgements that come meanwhile are
  /// kept for the next pump(). nullopt when no sink can be asked. Throws Error(temp_fail) when it
  /// does not answer.
  std::optional<Stored> ask(const std::vector<TopicPartition>& partitions);

  /// A sink that came only after records were written: what it holds, once.
  std::optional<Stored> take_late_hello();

  void flush(const std::vector<Checkpoint>& upto, std::uint64_t at_byte);
  void bye(std::uint64_t at_byte);

 private:
  void receive();
  void handle(const SinkHello& hello);
  bool wait(std::chrono::steady_clock::time_point deadline);

  AckListener listener_;
  SourceHello source_;
  bool introduced_ = false;  ///< our hello was sent to this peer
  bool pending_ = false;     ///< the sink is opening its target
  bool said_offsets_ = false;
  bool waited_ = false;
  bool late_ = false;
  std::string sink_;
  Stored stored_;
  std::int64_t requests_ = 0;
  std::int64_t answered_ = 0;
  std::vector<Checkpoint> acks_;
};

}  // namespace kpipe::kconsume
