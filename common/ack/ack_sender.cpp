// SPDX-License-Identifier: Apache-2.0
#include "common/ack/ack_sender.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "common/ack/upstream.hpp"
#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {

AckSender::AckSender(AckChannel channel, std::string sink)
    : channel_(std::move(channel)), sink_(std::move(sink)) {}

short AckSender::events() const noexcept {
  if (!fd_) return 0;
  const bool waiting =
      sent_ < sending_.size() || !hellos_.empty() || !acks_.empty() || !last_words_.empty();
  return static_cast<short>((is_socket_ ? POLLIN : 0) | (waiting ? POLLOUT : 0));
}

bool AckSender::connect(int input_fd) {
  if (fd_ || gave_up_) return static_cast<bool>(fd_);
  return channel_.path.empty() ? connect_socket(input_fd) : open_path();
}

bool AckSender::connect_socket(int input_fd) {
  if (!channel_.name.empty()) return connect_to_socket(named_socket_path(channel_.name, false));
  for (const PipeId& pipe : upstream_pipes(input_fd)) {
    if (connect_to_socket(pipe_socket_path(pipe, false))) return true;
  }
  return false;
}

bool AckSender::connect_to_socket(const std::string& path) {
  if (path.empty()) return false;
  UniqueFd fd = connect_to(path);
  if (!fd || !peer_is_trusted(fd.get())) return false;
  fd_ = std::move(fd);
  is_socket_ = true;
  return true;
}

bool AckSender::open_path() {
  struct stat st {};
  if (::stat(channel_.path.c_str(), &st) != 0) {
    throw Error(system_error("--acks: " + channel_.path, errno).exit(),
                "--acks: " + channel_.path +
                    ": no such FIFO or file. Make it before the pipeline starts: mkfifo " +
                    channel_.path);
  }
  if (st.st_uid != ::geteuid() || (st.st_mode & 022) != 0) {
    throw Error(Exit::config,
                "--acks: " + channel_.path +
                    ": it must belong to you and be writable by nobody else: acknowledgements "
                    "decide what is committed. chmod 600 it");
  }
  const int fd = ::open(channel_.path.c_str(), O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENXIO) return false;  // a FIFO that kconsume has not opened yet
    throw system_error("--acks: " + channel_.path, errno);
  }
  fd_.reset(fd);
  return true;
}

void AckSender::send(const SinkHello& hello) {
  append_line(hellos_, hello);
  write_pending();
}

void AckSender::send(const InputEnded& message) {
  append_line(last_words_, message);
  write_pending();
}

void AckSender::send(const std::vector<Checkpoint>& acks) {
  for (const Checkpoint& ack : acks) {
    const auto same = std::find_if(acks_.begin(), acks_.end(),
                                   [&](const Checkpoint& waiting) { return waiting.tp == ack.tp; });
    if (same == acks_.end()) {
      acks_.push_back(ack);
    } else {
      *same = ack;
    }
  }
  write_pending();
}

void AckSender::append_ack(const Checkpoint& ack) {
  OutBuffer extra;
  if (!is_socket_ && !sink_.empty()) {
    extra.append(",\"sink\":");
    append_json_string(extra, sink_);
  }
  append_checkpoint(sending_, ack, extra.view());
  sending_.append('\n');
}

void AckSender::write_pending() {
  if (!fd_) {
    acks_.clear();
    hellos_.clear();
    last_words_.clear();
    return;
  }
  for (;;) {
    if (sent_ == sending_.size()) {
      sending_.clear();
      sent_ = 0;
      std::swap(sending_, hellos_);
      for (const Checkpoint& ack : acks_) append_ack(ack);
      acks_.clear();
      sending_.append(last_words_.view());
      last_words_.clear();
      if (sending_.empty()) return;
    }
    const std::string_view rest = sending_.view().substr(sent_);
    const ssize_t n = is_socket_ ? ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL)
                                 : ::write(fd_.get(), rest.data(), rest.size());
    if (n >= 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      broke(system_error("", errno).what());
      return;
    }
  }
}

void AckSender::pump(std::vector<ControlLine>& received) {
  write_pending();
  if (!fd_ || !is_socket_) return;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      broke(n == 0 ? ": kconsume closed it" : system_error("", errno).what());
      break;
    }
    received_.append(chunk.data(), static_cast<std::size_t>(n));
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = received_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view text = std::string_view(received_).substr(begin, end - begin);
    ControlLine& line = received.emplace_back();
    const std::string_view reason = parse_control_line(text, line);
    if (!reason.empty()) {
      received.pop_back();
      log::warning("acknowledgements: control line ignored: " + std::string(reason));
    }
  }
  received_.erase(0, begin);
}

void AckSender::drain(int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  write_pending();
  while ((events() & POLLOUT) != 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd wait{fd_.get(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return;
    write_pending();
  }
}

void AckSender::broke(const std::string& cause) {
  log::info("acknowledgement channel" + cause +
            ". What is stored stays stored; the next start settles it");
  fd_.reset();
  gave_up_ = true;
  sending_.clear();
  sent_ = 0;
  hellos_.clear();
  acks_.clear();
  last_words_.clear();
}

}  // namespace kpipe
