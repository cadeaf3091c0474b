// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/ack/pipe_socket.hpp"
#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/control.hpp"

namespace kpipe {

/// The sink's end of the acknowledgement channel: kconsume's Unix socket, found through the pipe on
/// stdin, or a FIFO or file of checkpoint lines (`--acks PATH`), which is one-way.
class AckSender {
 public:
  /// Opens nothing yet. With a path, acknowledgements are lines that name `sink` too: a FIFO may
  /// serve several.
  explicit AckSender(AckChannel channel, std::string sink = {});

  /// Looks for kconsume once. True when connected (now or before). A FIFO counts as connected once
  /// it could be opened for writing. Throws Error(io) when --acks names something unusable.
  bool connect(int input_fd);

  bool connected() const noexcept { return static_cast<bool>(fd_); }
  /// For poll(2) with events(); -1 when there is nothing to wait for.
  int fd() const noexcept { return fd_.get(); }
  short events() const noexcept;

  /// Sends now what the channel takes and keeps the rest for pump(); of acknowledgements waiting
  /// for one partition only the newest is kept. A channel that broke is closed and said once; not
  /// an error: what is stored is stored, and the next start settles it.
  void send(const SinkHello& hello);
  void send(const InputEnded& message);
  void send(const std::vector<Checkpoint>& acks);

  /// True if kconsume hears it answer: on a socket, not on a FIFO.
  bool two_way() const noexcept { return is_socket_ && connected(); }

  /// Moves bytes both ways after poll(2) said so and appends the lines received.
  void pump(std::vector<ControlLine>& received);

  /// Waits up to `timeout_ms` until all was sent.
  void drain(int timeout_ms);

 private:
  bool connect_socket(int input_fd);
  bool connect_to_socket(const std::string& path);
  bool open_path();
  void append_ack(const Checkpoint& ack);
  void write_pending();
  void broke(const std::string& cause);

  AckChannel channel_;
  std::string sink_;
  UniqueFd fd_;
  bool is_socket_ = false;
  bool gave_up_ = false;          ///< it broke: the pipeline is ending, nobody to find again
  OutBuffer hellos_;              ///< lines waiting to be sent, before any ack
  std::vector<Checkpoint> acks_;  ///< newest per partition, waiting to be sent
  OutBuffer last_words_;          ///< lines waiting to be sent, behind all acks
  OutBuffer sending_;             ///< bytes of lines partly sent
  std::size_t sent_ = 0;
  std::string received_;
};

}  // namespace kpipe
