// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// Gives closed files their names: complete from the first moment, never over a file that is there.
class Publisher {
 public:
  explicit Publisher(const Folder& root) : root_(root) {}

  /// Moves `part` of the folder `from` to file.path below the root, making the folders on the way;
  /// the name is on the disk when it returns. Does nothing when the part is gone: then it got its
  /// name before, from a run that could not say so any more. Throws Error(data) when another file
  /// has that name, Error(io).
  ///
  /// `from` goes by its name in `state`, so that a folder that was taken away from us has no part
  /// to move any more.
  void publish(const Folder& state, const std::string& from, const std::string& part,
               const ClosedFile& file);

 private:
  /// Folders whose names are known to be on the disk; forgotten when they become many.
  static constexpr std::size_t kMostKnown = 10'000;

  static constexpr int kTries = 5;

  /// The folder that the file belongs in; nothing when there is none.
  std::optional<Folder> folder_of(const ClosedFile& file, bool make);
  void make_known(const Folder& above, const Folder& folder);

  const Folder& root_;
  std::unordered_set<std::string> known_;
};

}  // namespace kpipe
