// SPDX-License-Identifier: Apache-2.0
#include "common/ack/ack_listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/log.hpp"

namespace kpipe {
namespace {

/// A line of acknowledgements is short; a sink's hello names a few thousand partitions at most.
constexpr std::size_t kMaxLine = std::size_t{4} << 20;

pid_t peer_pid(int socket_fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

bool reads_pipe(pid_t process, const PipeId& pipe) {
  struct stat st {};
  const std::string path = "/proc/" + std::to_string(process) + "/fd/0";
  return ::stat(path.c_str(), &st) == 0 && S_ISFIFO(st.st_mode) &&
         PipeId{st.st_dev, st.st_ino} == pipe;
}

}  // namespace

AckListener::~AckListener() {
  if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
}

bool AckListener::listen(const PipeId& stdout_pipe) {
  stdout_pipe_ = stdout_pipe;
  return listen_at(pipe_socket_path(stdout_pipe, true));
}

bool AckListener::listen(const std::string& name, const std::optional<PipeId>& stdout_pipe) {
  stdout_pipe_ = stdout_pipe;
  return listen_at(named_socket_path(name, true));
}

bool AckListener::listen_at(const std::string& path) {
  if (path.empty()) return false;
  listener_ = listen_on(path);
  socket_path_ = path;
  return true;
}

void AckListener::open_path(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) {
    throw Error(Exit::no_input,
                "--acks: " + path + ": no such FIFO or file. Make it first: mkfifo -m 600 " + path);
  }
  if (!S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode)) {
    throw Error(Exit::config, "--acks: " + path + ": neither a FIFO nor a file");
  }
  if (st.st_uid != ::geteuid() || (st.st_mode & 022) != 0) {
    throw Error(Exit::config,
                "--acks: " + path +
                    ": it must belong to you and be writable by nobody else: acknowledgements "
                    "decide what is committed. chmod 600 it");
  }
  path_is_fifo_ = S_ISFIFO(st.st_mode);
  path_.reset(::open(path.c_str(), (path_is_fifo_ ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC));
  if (!path_) throw system_error("--acks: " + path, errno);
  if (!path_is_fifo_) ::lseek(path_.get(), 0, SEEK_END);
}

void AckListener::add_poll_fds(std::vector<pollfd>& fds) const {
  // A regular file is always "ready": the caller's periodic pump() must do for it.
  if (path_ && path_is_fifo_) fds.push_back({path_.get(), POLLIN, 0});
  if (listener_) fds.push_back({listener_.get(), POLLIN, 0});
  for (const Peer& peer : peers_) {
    const short out = peer.sent < peer.sending.size() ? POLLOUT : 0;
    fds.push_back({peer.fd.get(), static_cast<short>(POLLIN | out), 0});
  }
}

void AckListener::pump(std::vector<ControlLine>& received) {
  if (listener_) accept_peers();
  write_pending();
  for (Peer& peer : peers_) {
    const std::size_t before = received.size();
    if (!read_from(peer.fd.get(), peer.received, received)) peer.broken = true;
    for (std::size_t i = before; i < received.size(); ++i) {
      received[i].peer = peer.id;
      if (received[i].input_ended && !std::exchange(peer.input_ended, true)) ++lost_;
    }
    peer.spoke = peer.spoke || received.size() > before;
  }
  std::erase_if(peers_, [this](const Peer& peer) {
    // Whoever only knocked (a second kconsume of the same name) was no sink.
    if (peer.broken && peer.spoke && !peer.input_ended) ++lost_;
    return peer.broken;
  });
  if (path_) read_from(path_.get(), path_received_, received);
}

void AckListener::accept_peers() {
  for (;;) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    if (!peer_is_trusted(fd.get())) {
      log::warning("acknowledgements: a process of another user connected and was refused");
      continue;
    }
    // A sink that went and came back (its supervisor restarted it alone) has missed records.
    if (peers_.size() + lost_ >= expected_) {
      log::warning(
          "acknowledgements: one more sink connected and was refused: records are acknowledged "
          "by " +
          std::to_string(expected_) + ". For several sinks (tee): --sinks N");
      continue;
    }
    direct_ = expected_ == 1 && stdout_pipe_ && reads_pipe(peer_pid(fd.get()), *stdout_pipe_);
    Peer& peer = peers_.emplace_back();
    peer.fd = std::move(fd);
    peer.id = ++accepted_;
  }
}

/// False at EOF or on error.
bool AckListener::read_from(int fd, std::string& buffer, std::vector<ControlLine>& received) {
  std::array<char, 65536> chunk;
  bool open = true;
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      open = false;
      break;
    }
    buffer.append(chunk.data(), static_cast<std::size_t>(n));
    if (buffer.size() > kMaxLine && buffer.find('\n') == std::string::npos) {
      log::warning("acknowledgements: a line longer than " + std::to_string(kMaxLine) +
                   " bytes was dropped");
      buffer.clear();
    }
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view text = std::string_view(buffer).substr(begin, end - begin);
    const std::string_view reason = parse_control_line(text, received.emplace_back());
    if (!reason.empty()) {
      received.pop_back();
      log::warning("acknowledgements: line ignored: " + std::string(reason));
    }
  }
  buffer.erase(0, begin);
  return open;
}

void AckListener::write_pending() {
  for (Peer& peer : peers_) {
    while (!peer.broken && peer.sent < peer.sending.size()) {
      const std::string_view rest = peer.sending.view().substr(peer.sent);
      const ssize_t n = ::send(peer.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        peer.sent += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        peer.broken = true;
      }
    }
    if (peer.sent == peer.sending.size()) {
      peer.sending.clear();
      peer.sent = 0;
    }
  }
}

}  // namespace kpipe
