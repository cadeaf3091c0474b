// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ack/pipe_socket.hpp"
#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/control.hpp"

namespace kpipe {

/// kconsume's end of the acknowledgement channel: a Unix socket named by its stdout pipe (or by
/// `--pipe NAME`), or a FIFO (or file) of checkpoint lines. Never blocks: descriptors go into the
/// caller's poll(2), pump() does the rest.
class AckListener {
 public:
  AckListener() = default;
  ~AckListener();
  AckListener(const AckListener&) = delete;
  AckListener& operator=(const AckListener&) = delete;

  /// Of so many sinks behind a tee(1); one unless told. More are refused.
  void expect(std::size_t sinks) noexcept { expected_ = sinks; }

  /// Listens for the reader of this pipe. False when that is impossible (no private directory):
  /// then nobody can acknowledge.
  bool listen(const PipeId& stdout_pipe);
  /// Listens under a name of the user's. `stdout_pipe` is absent when stdout is no pipe.
  bool listen(const std::string& name, const std::optional<PipeId>& stdout_pipe);

  /// Reads acknowledgements from a FIFO or file. A FIFO is opened for reading and writing, so that
  /// neither side ever hangs in open(2) and a sink that comes and goes is no EOF. A regular file is
  /// read from its end: what an earlier run wrote is not about this one.
  void open_path(const std::string& path);

  bool active() const noexcept { return static_cast<bool>(listener_) || static_cast<bool>(path_); }
  bool is_path() const noexcept { return static_cast<bool>(path_); }
  /// All sinks that are expected are on the socket now. (Behind a FIFO they show themselves only by
  /// their lines.)
  bool connected() const noexcept { return peers_.size() == expected_; }
  /// A sink was on the socket and acknowledges no more records: it has closed it, or said that its
  /// input has ended (InputEnded).
  bool lost_any() const noexcept { return lost_ > 0; }
  /// All have.
  bool lost_all() const noexcept { return lost_ == expected_; }
  /// The one connected process reads our stdout itself, with no filter in between.
  bool direct() const noexcept { return direct_; }

  /// Descriptors to wait for.
  void add_poll_fds(std::vector<pollfd>& fds) const;

  /// Accepts, reads and sends what is possible now; appends the lines received.
  void pump(std::vector<ControlLine>& received);

  /// Closes the sinks' connections: nothing more is wanted of them.
  void hang_up() { peers_.clear(); }

  /// Queued for every sink and sent, together, as the sockets take it; dropped when there is none.
  template <typename... Message>
  void send(const Message&... message) {
    for (Peer& peer : peers_) (append_line(peer.sending, message), ...);
    write_pending();
  }

 private:
  struct Peer {
    UniqueFd fd;
    std::uint64_t id = 0;
    std::string received;
    OutBuffer sending;
    std::size_t sent = 0;
    bool spoke = false;
    bool input_ended = false;
    bool broken = false;
  };

  bool listen_at(const std::string& path);
  void accept_peers();
  static bool read_from(int fd, std::string& buffer, std::vector<ControlLine>& received);
  void write_pending();

  std::string socket_path_;
  std::optional<PipeId> stdout_pipe_;
  UniqueFd listener_;
  std::vector<Peer> peers_;
  std::size_t expected_ = 1;
  std::uint64_t accepted_ = 0;
  std::size_t lost_ = 0;
  UniqueFd path_;
  std::string path_received_;
  bool path_is_fifo_ = false;
  bool direct_ = false;
};

}  // namespace kpipe
