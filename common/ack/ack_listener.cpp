// SPDX-License-Identifier: Apache-2.0
#include "common/ack/ack_listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

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
  const std::string path = pipe_socket_path(stdout_pipe, true);
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
  if (listener_ && !peer_) fds.push_back({listener_.get(), POLLIN, 0});
  if (peer_) {
    const short out = sent_ < sending_.size() ? POLLOUT : 0;
    fds.push_back({peer_.get(), static_cast<short>(POLLIN | out), 0});
  }
}

void AckListener::pump(std::vector<ControlLine>& received) {
  if (listener_ && !peer_) accept_peer();
  if (peer_) {
    write_pending();
    if (peer_ && !read_from(peer_.get(), received)) peer_.reset();
  }
  if (path_) read_from(path_.get(), received);
}

void AckListener::accept_peer() {
  UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!peer) return;
  if (!peer_is_trusted(peer.get())) {
    log::warning("acknowledgements: a process of another user connected and was refused");
    return;
  }
  direct_ = reads_pipe(peer_pid(peer.get()), stdout_pipe_);
  peer_ = std::move(peer);
  had_peer_ = true;
  received_.clear();
  sending_.clear();
  sent_ = 0;
}

/// False at EOF or on error.
bool AckListener::read_from(int fd, std::vector<ControlLine>& received) {
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
    received_.append(chunk.data(), static_cast<std::size_t>(n));
    if (received_.size() > kMaxLine && received_.find('\n') == std::string::npos) {
      log::warning("acknowledgements: a line longer than " + std::to_string(kMaxLine) +
                   " bytes was dropped");
      received_.clear();
    }
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = received_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view text = std::string_view(received_).substr(begin, end - begin);
    const std::string_view reason = parse_control_line(text, received.emplace_back());
    if (!reason.empty()) {
      received.pop_back();
      log::warning("acknowledgements: line ignored: " + std::string(reason));
    }
  }
  received_.erase(0, begin);
  return open;
}

void AckListener::write_pending() {
  while (peer_ && sent_ < sending_.size()) {
    const std::string_view rest = sending_.view().substr(sent_);
    const ssize_t n = ::send(peer_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      peer_.reset();
    }
  }
  sending_.clear();
  sent_ = 0;
}

}  // namespace kpipe
