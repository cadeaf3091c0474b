// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/file_state.hpp"

namespace kpipe {

/// The checkpoint beside a data file (PATH.kpipe): reads the last state, and makes new ones
/// durable. The caller holds the data file's lock, which guards both files. All errors are
/// Error(io), and after one from sync() or replace() nothing may be acknowledged any more: a second
/// fsync after a failed one can report success for bytes that the kernel has dropped.
class CheckpointFile {
 public:
  /// A journal above this is replaced by its last line at the next shorten().
  static constexpr std::uint64_t kReplaceAbove = 256 * 1024;

  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  bool exists() const;

  /// Reads only; safe without the lock. Nothing when there is no file. Throws as read_state() does.
  std::optional<FileState> load() const;

  /// Puts a file of one line in place of what there is: new file, fsync, rename, fsync of the
  /// folder (without the last a power cut can undo the rename). To be called once before append().
  void replace(const FileState& state);

  /// Replaces a journal that has grown long. `state` is what its last line says.
  void shorten(const FileState& state);

  /// Adds a line, which counts for a restart but not yet for a power cut. When it throws, the line
  /// before it goes on to count.
  void append(const FileState& state);

  void sync();   ///< makes what was appended durable
  void close();  ///< the last call

 private:
  std::string path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  OutBuffer line_;
};

/// fsync of the folder that holds `path`: makes names durable. Throws Error(io).
void sync_folder_of(const std::string& path);

}  // namespace kpipe
