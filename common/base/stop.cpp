// SPDX-License-Identifier: Apache-2.0
#include "common/base/stop.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "common/base/error.hpp"

namespace kpipe::stop {
namespace {

int pipe_fds[2] = {-1, -1};
std::atomic<int> interrupts{0};
std::atomic<bool> stopping{false};
std::atomic<bool> hung_up{false};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int signal_number) {
  const int saved = errno;
  stopping = true;
  if (signal_number == SIGINT && interrupts.fetch_add(1) >= 1) _exit(128 + SIGINT);
  [[maybe_unused]] ssize_t n = ::write(pipe_fds[1], "s", 1);
  errno = saved;
}

extern "C" void on_hangup(int) {
  const int saved = errno;
  hung_up = true;
  [[maybe_unused]] ssize_t n = ::write(pipe_fds[1], "h", 1);
  errno = saved;
}

}  // namespace

void install() {
  if (::pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) throw system_error("pipe", errno);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int fd() noexcept {
  return pipe_fds[0];
}

void clear_fd() noexcept {
  char sink[64];
  while (::read(pipe_fds[0], sink, sizeof sink) > 0) {
  }
}

void watch_hangup() {
  struct sigaction action {};
  action.sa_handler = on_hangup;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGHUP, &action, nullptr);
}

bool take_hangup() noexcept {
  return hung_up.exchange(false);
}

bool requested() noexcept {
  return stopping;
}

}  // namespace kpipe::stop
