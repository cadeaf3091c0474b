// SPDX-License-Identifier: Apache-2.0
#include "common/base/read_ahead.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "common/base/signals_blocked.hpp"

namespace kpipe {

void ReadAhead::start() {
  if (thread_.joinable() || eof_) return;
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == kMost) return;
  // Not filled with zeroes: memory that is never read into stays the kernel's.
  if (!buffer_) buffer_.reset(new char[kMost]);
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return;
  const SignalsBlocked blocked;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // a limit of processes
  }
}

void ReadAhead::stop() noexcept {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

void ReadAhead::run() noexcept {
  std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  while (end_ < kMost) {
    if (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (fds[1].revents != 0) return;
    const ssize_t n = ::read(fd_, buffer_.get() + end_, kMost - end_);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return;
    eof_ = n == 0;
    if (eof_) return;
    end_ += static_cast<std::size_t>(n);
  }
}

}  // namespace kpipe
