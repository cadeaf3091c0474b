// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/file_state.hpp"
#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// The manifest in a partition's folder. Who changes it holds the partition's lock. All errors are
/// Error(io); after one from sync() nothing may be acknowledged any more.
class ManifestFile {
 public:
  static constexpr const char* kName = "manifest";
  /// A journal above this, and longer than twice what a whole state takes, is replaced by one line.
  static constexpr std::uint64_t kReplaceAbove = 256 * 1024;

  /// What it says, without the lock: a line that is just being appended does not count yet. What it
  /// says is on the disk when this returns. Nothing when there is none.
  static std::optional<PartitionState> peek(const Folder& folder);

  /// Whether the file is still what load() and write() have left: nobody else has
  /// stored anything since.
  bool is_current(const Folder& folder) const;

  /// The same with the lock: cuts off a torn line, and keeps the file open.
  std::optional<PartitionState> load(const Folder& folder);

  /// Adds a line; or puts a file of one line in place of what there is, when there is none or it
  /// has grown long. `state` has the change applied. When it throws, what was there goes on to
  /// count.
  void write(const Folder& folder, const ManifestChange& change, const PartitionState& state);
  /// Makes what was written durable.
  void sync(const Folder& folder);

 private:
  void replace(const Folder& folder, const PartitionState& state);

  UniqueFd fd_;
  FileIdentity identity_;
  std::uint64_t size_ = 0;
  bool replaced_ = false;         ///< and its name is not durable yet
  std::uint64_t whole_size_ = 0;  ///< of the line that says all
  OutBuffer line_;
};

}  // namespace kpipe
