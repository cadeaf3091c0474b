// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "common/ack/pipe_socket.hpp"
#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/control.hpp"

namespace kpipe {

/// kconsume's end of the acknowledgement channel: a Unix socket named by its stdout pipe, or a FIFO
/// (or file) of checkpoint lines. Never blocks: descriptors go into the caller's poll(2), pump()
/// does the rest.
class AckListener {
 public:
  AckListener() = default;
  ~AckListener();
  AckListener(const AckListener&) = delete;
  AckListener& operator=(const AckListener&) = delete;

  /// Listens for the reader of this pipe. False when that is impossible (no private directory):
  /// then nobody can acknowledge.
  bool listen(const PipeId& stdout_pipe);

  /// Reads acknowledgements from a FIFO or file. A FIFO is opened for reading and writing, so that
  /// neither side ever hangs in open(2) and a sink that comes and goes is no EOF. A regular file is
  /// read from its end: what an earlier run wrote is not about this one.
  void open_path(const std::string& path);

  bool active() const noexcept { return static_cast<bool>(listener_) || static_cast<bool>(path_); }
  bool is_path() const noexcept { return static_cast<bool>(path_); }
  /// A sink is on the socket now. (Behind a FIFO it shows itself only by its lines.)
  bool connected() const noexcept { return static_cast<bool>(peer_); }
  /// A sink was on the socket and has closed it.
  bool disconnected() const noexcept { return had_peer_ && !peer_; }
  /// The connected process reads our stdout itself, with no filter in between.
  bool direct() const noexcept { return direct_; }

  /// Descriptors to wait for.
  void add_poll_fds(std::vector<pollfd>& fds) const;

  /// Accepts, reads and sends what is possible now; appends the lines received.
  void pump(std::vector<ControlLine>& received);

  /// Queued and sent as the socket takes it; dropped when there is none.
  template <typename Message>
  void send(const Message& message) {
    if (!peer_) return;
    append_line(sending_, message);
    write_pending();
  }

 private:
  void accept_peer();
  bool read_from(int fd, std::vector<ControlLine>& received);
  void write_pending();

  std::string socket_path_;
  PipeId stdout_pipe_;
  UniqueFd listener_;
  UniqueFd peer_;
  UniqueFd path_;
  bool path_is_fifo_ = false;
  bool had_peer_ = false;
  bool direct_ = false;
  std::string received_;
  OutBuffer sending_;
  std::size_t sent_ = 0;
};

}  // namespace kpipe
