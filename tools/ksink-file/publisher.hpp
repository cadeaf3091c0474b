// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "tools/ksink-file/disk_sync.hpp"
#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// Gives closed files their names: complete from the first moment, never over a file that is there.
class Publisher {
 public:
  struct Due {
    std::string part;
    const ClosedFile* file;
  };

  explicit Publisher(const Folder& root) : root_(root) {}

  /// Moves each part of the folder `from` to its file's path below the root, making the folders on
  /// the way; the names are on the disk when it returns, unless that is Syncing::at_once. Does
  /// nothing for a part that is gone: then it got its name before, from a run that could not say so
  /// any more. Throws Error(data) when another file has that name, Error(io).
  ///
  /// `from` goes by its name in `state`, so that a folder that was taken away from us has no part
  /// to move any more.
  void publish(const Folder& state, const std::string& from, std::vector<Due> files,
               Syncing syncing);

 private:
  /// Folders whose names are known to be on the disk; forgotten when they become many.
  static constexpr std::size_t kMostKnown = 10'000;

  static constexpr int kTries = 5;

  class Walk;

  void publish_one(const Folder& state, const std::string& source, const ClosedFile& file,
                   Walk& walk);
  void make_known(const Folder& above, const Folder& folder);

  const Folder& root_;
  std::unordered_set<std::string> known_;
};

}  // namespace kpipe
