// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "common/base/fd.hpp"
#include "tools/ksink-file/folder.hpp"

namespace kpipe {

/// flock(2) of a file "lock" in a folder, which the kernel drops when the process dies.
class FolderLock {
 public:
  explicit FolderLock(const Folder& folder);

  /// False when another process has it.
  bool try_take();
  /// What no batch takes on a disk that works: who has a lock for longer was stopped.
  static constexpr std::chrono::milliseconds kPatience{10'000};

  /// Waits for it; false when it takes longer.
  bool take_within(std::chrono::milliseconds patience);
  /// Waits for it. Throws Error(temp_fail), and names the process, when that takes kPatience.
  void take();
  void release() noexcept;

  /// "process 4711", as far as the system tells.
  std::string owner() const;
  [[noreturn]] void throw_held(std::chrono::milliseconds patience) const;

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace kpipe
