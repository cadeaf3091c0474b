// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/after_publish.hpp"

#include <algorithm>
#include <utility>

#include "common/base/clock.hpp"

namespace kpipe {
AfterPublish::AfterPublish(const Folder& root, const Folder& state, FileCommand command, Keep keep)
    : root_(root), has_command_(!command.empty()), hook_(std::move(command)) {
  if (!keep.age && !keep.bytes) return;
  log_.emplace(state);
  retention_.emplace(root, *log_, keep);
  constexpr int looks = 10;  // while the youngest file becomes too old
  if (keep.age) pause_ = std::clamp(*keep.age / looks, kShortestPause, kLongestPause);
}

bool AfterPublish::begin(const TopicPartition& tp, const ClosedFile& file) {
  if (has_command_) {
    hook_.add(tp, file, root_.path_of(file.path));
    return false;
  }
  if (file.has_hook) return false;
  note(file);
  return true;
}

void AfterPublish::note(const ClosedFile& file) {
  if (log_) log_->append({file.path, wall_clock_ms(), file.length, file.inode});
}

void AfterPublish::clean() {
  if (retention_ && Clock::now() >= next_clean_) clean_now();
}

void AfterPublish::clean_now() {
  if (!retention_) return;
  retention_->run(wall_clock_ms());
  next_clean_ = Clock::now() + pause_;
}

std::optional<AfterPublish::Clock::time_point> AfterPublish::next() const {
  auto next = hook_.next();
  if (retention_) next = next ? std::min(*next, next_clean_) : next_clean_;
  return next;
}

}  // namespace kpipe
