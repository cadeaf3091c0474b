// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "tools/ksink-file/folder.hpp"

namespace kpipe {

/// How what is written becomes durable: by a sync of each file and folder, or by DiskSync::sync()
/// afterwards, which is the caller's.
enum class Syncing { each, at_once };

/// One syncfs(2) in place of very many fsync(2): a batch that goes to thousands of files costs a
/// second with it, and minutes without on a disk that takes 10 ms for each.
///
/// It takes in what other programs have written to that file system too, so it is for many files
/// only. And it must tell of errors: Linux does that from 5.8 on (errseq_t of the super block), for
/// what has happened since the descriptor was opened, on file systems that are known to.
class DiskSync {
 public:
  /// `folder` stands for the file system, was opened before anything is written, and outlives this.
  explicit DiskSync(const Folder& folder);

  /// What is better for so many files.
  Syncing for_files(std::size_t files) const noexcept {
    return works_ && files >= kMany ? Syncing::at_once : Syncing::each;
  }

  /// Makes everything durable that was written to the file system, contents and names. Throws
  /// Error(io): then nothing that was written since the last call may be acknowledged, and no sync
  /// of it is to be tried again.
  void sync() const;

 private:
  static constexpr std::size_t kMany = 64;

  const Folder& folder_;
  bool works_;
};

}  // namespace kpipe
