// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/folder.hpp"

namespace kpipe {

/// A file that runs with --keep have given its name.
struct PublishedFile {
  std::string path;        ///< below the root
  std::int64_t at_ms = 0;  ///< when, in ms since the epoch
  std::uint64_t length = 0;
  std::uint64_t inode = 0;
};

/// The lists of these files, one for each day: .kpipe/published/2026-11-21. All instances append
/// to them.
class PublishedLog {
 public:
  explicit PublishedLog(const Folder& state);

  /// May be told twice of one file. Throws Error(io).
  void append(const PublishedFile& file);

  std::vector<std::string> days() const;  ///< in order
  /// What is no whole line does not count: its file is kept.
  std::vector<PublishedFile> read(const std::string& day) const;
  void remove(const std::string& day) const { folder_.remove(day); }
  static std::string day_of(std::int64_t at_ms);

 private:
  Folder folder_;
  std::string day_;  ///< of file_
  UniqueFd file_;
  OutBuffer line_;
};

}  // namespace kpipe
