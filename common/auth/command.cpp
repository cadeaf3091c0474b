// SPDX-License-Identifier: Apache-2.0
#include "common/auth/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

extern char** environ;

namespace kpipe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kLook{50};  ///< how often cancellation is looked for

/// A child in a process group of its own. Killed and reaped if nobody has waited for it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// Its status as waitpid(2) has it, once it has ended.
  bool ended(int& status) {
    const pid_t pid = ::waitpid(pid_, &status, WNOHANG);
    if (pid != pid_) return false;
    pid_ = -1;
    return true;
  }

 private:
  pid_t pid_;
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  SpawnAttributes() { ::posix_spawnattr_init(&attributes_); }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

pid_t spawn(const std::string& command, int out, const std::string& name) {
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), out, STDOUT_FILENO);
  SpawnAttributes attributes;
  // We ignore SIGPIPE and have handlers; the command starts as from a shell.
  sigset_t defaults;
  sigset_t nothing;
  ::sigemptyset(&nothing);
  ::sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) ::sigaddset(&defaults, signal);
  ::posix_spawnattr_setsigdefault(attributes.get(), &defaults);
  ::posix_spawnattr_setsigmask(attributes.get(), &nothing);
  ::posix_spawnattr_setpgroup(attributes.get(), 0);
  ::posix_spawnattr_setflags(
      attributes.get(), POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, "/bin/sh", actions.get(), attributes.get(), argv.data(), environ);
  if (code != 0) throw system_error(name + ": /bin/sh", code);
  return pid;
}

}  // namespace

Secret output_of(const std::string& command, const std::string& name,
                 std::chrono::milliseconds limit, const std::atomic<bool>& cancelled) {
  const Clock::time_point end = Clock::now() + limit;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error(name + ": pipe", errno);
  const UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  Child child(spawn(command, out.get(), name));
  out.reset();

  const auto check = [&] {
    if (cancelled) throw Error(Exit::temp_fail, name + ": cancelled");
    if (Clock::now() < end) return;
    throw Error(Exit::unavailable,
                name + ": no end after " + std::to_string(limit.count()) + " ms: killed");
  };
  std::string text;
  text.reserve(kMaxOutput / 64);  // few copies that are not wiped
  for (;;) {
    check();
    pollfd readable{in.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(kLook.count())) <= 0) continue;
    std::array<char, 4096> chunk;
    const ssize_t n = ::read(in.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_error(name, errno);
    if (n == 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    ::explicit_bzero(chunk.data(), chunk.size());
    if (text.size() > kMaxOutput) throw Error(Exit::config, name + ": more than 1 MiB of output");
  }
  Secret result(std::move(text));
  int status = 0;
  while (!child.ended(status)) {
    check();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (WIFSIGNALED(status)) {
    throw Error(Exit::config, name + ": ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    throw Error(Exit::config, name + ": exit status " + std::to_string(WEXITSTATUS(status)));
  }
  return result;
}

}  // namespace kpipe
