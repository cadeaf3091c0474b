// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/published_log.hpp"

namespace kpipe {

/// --keep: how long, or how much.
struct Keep {
  std::optional<std::chrono::milliseconds> age;
  std::optional<std::uint64_t> bytes;
};

/// Deletes the oldest files of a folder, of those that its lists name: the same inode, as long as
/// it was. A file that was taken away or replaced is nobody's business. Folders that become empty
/// go too.
class Retention {
 public:
  Retention(const Folder& root, const PublishedLog& log, Keep keep)
      : root_(root), log_(log), keep_(keep) {}

  /// Returns how many it has deleted. Throws Error(io).
  std::size_t run(std::int64_t now_ms);

 private:
  bool exists(const PublishedFile& file) const;
  void remove(const PublishedFile& file) const;
  std::optional<Folder> folder_of(const std::string& path) const;

  const Folder& root_;
  const PublishedLog& log_;
  Keep keep_;
};

}  // namespace kpipe
