// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"
#include "tools/ksink-file/publish_hook.hpp"
#include "tools/ksink-file/published_log.hpp"
#include "tools/ksink-file/retention.hpp"

namespace kpipe {

/// What becomes of a file when it has its name: the command of --on-publish, then the list of
/// --keep. Until both are done its manifest speaks of it, so that a restart does it again.
class AfterPublish {
 public:
  using Clock = std::chrono::steady_clock;

  AfterPublish(const Folder& root, const Folder& state, FileCommand command, Keep keep);

  /// True when nothing is left to do for it; false when its command has to succeed first. That of
  /// an earlier run waits for a run that has one.
  bool begin(const TopicPartition& tp, const ClosedFile& file);

  /// Runs commands that are due; returns what has succeeded. Each is to be noted.
  std::vector<PublishHook::Job> poll() { return hook_.poll(); }
  /// Puts it on the list of what may be deleted one day.
  void note(const ClosedFile& file);

  /// Deletes what is too old or too much, now and then.
  void clean();
  void clean_now();

  /// When poll() or clean() has something to do next.
  std::optional<Clock::time_point> next() const;

  PublishHook& hook() noexcept { return hook_; }

 private:
  /// Between two looks at the lists.
  static constexpr std::chrono::milliseconds kLongestPause{60'000};
  static constexpr std::chrono::milliseconds kShortestPause{500};

  const Folder& root_;
  bool has_command_;
  PublishHook hook_;
  std::optional<PublishedLog> log_;
  std::optional<Retention> retention_;
  std::chrono::milliseconds pause_{kLongestPause};
  Clock::time_point next_clean_{};
};

}  // namespace kpipe
