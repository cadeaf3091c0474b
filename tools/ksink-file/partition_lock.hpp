// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  /// Waits for it. Throws Error(temp_fail), and names the process, when that takes longer than a
  /// batch on any disk that works: then its owner was stopped.
  void take();
  void release() noexcept;

 private:
  std::string owner() const;

  std::string path_;
  UniqueFd fd_;
};

}  // namespace kpipe
