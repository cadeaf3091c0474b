// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/checkpoint.hpp"
#include "tools/ksink-file/command_line.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// Runs a command for each file that has got its name, until it ends with status 0: a few at a
/// time, and after a failure again with growing pauses. Remembers nothing over a restart: the
/// manifests do.
class PublishHook {
 public:
  using Clock = std::chrono::steady_clock;
  struct Job {
    TopicPartition tp;
    ClosedFile file;
    std::string path;
    int failures = 0;
    Clock::time_point next_try{};
    pid_t pid = -1;
  };

  explicit PublishHook(FileCommand command) : command_(std::move(command)) {}
  /// Commands that still run go on alone.
  ~PublishHook() = default;
  PublishHook(const PublishHook&) = delete;
  PublishHook& operator=(const PublishHook&) = delete;

  /// Does nothing when that file of that partition waits already.
  void add(const TopicPartition& tp, const ClosedFile& file, std::string path);

  /// Starts what is due, and returns the jobs whose commands have succeeded.
  std::vector<Job> poll();

  /// When to poll next; nothing when there is nothing to do.
  std::optional<Clock::time_point> next() const {
    return jobs_.empty() ? std::nullopt : std::optional(next_look_);
  }
  bool empty() const noexcept { return jobs_.empty(); }
  std::size_t size() const noexcept { return jobs_.size(); }
  bool is_running() const;
  /// Forgets failures: all is due now.
  void hurry();
  /// Of the job that has failed the fewest times.
  int least_failures() const;

 private:
  static constexpr std::size_t kAtOnce = 4;
  static constexpr std::chrono::milliseconds kLook{20};  ///< how often a child's end is looked for
  static constexpr std::chrono::milliseconds kFirstPause{500};
  static constexpr std::chrono::milliseconds kLongestPause{60'000};

  void start(Job& job);
  void failed(Job& job, const std::string& how);

  FileCommand command_;
  std::deque<Job> jobs_;
  Clock::time_point next_look_{};
};

}  // namespace kpipe
