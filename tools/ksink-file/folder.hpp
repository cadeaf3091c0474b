// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/fd.hpp"
#include "tools/ksink-file/file_state.hpp"

namespace kpipe {

/// A folder that is open: everything goes by its descriptor, never by a path that others could
/// change on the way, and never through a symbolic link. Errors are Error(io) and name the path.
class Folder {
 public:
  Folder(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  /// Opens it; made first when it is absent, with its name on the disk. The folder above must be
  /// there.
  static Folder open_or_make(const std::string& path);
  /// Nothing when there is none.
  static std::optional<Folder> open(const std::string& path);

  Folder sub_or_make(const std::string& name, unsigned mode) const;
  /// The same, with a name that is not on the disk yet; nothing when this folder, or the new one,
  /// was removed meanwhile.
  std::optional<Folder> try_make(const std::string& name, unsigned mode) const;
  std::optional<Folder> sub(const std::string& name) const;

  const std::string& path() const noexcept { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  int fd() const noexcept { return fd_.get(); }
  FileIdentity identity() const;

  /// Opens a regular file below; `flags` as for open(2). No descriptor when there is none and
  /// O_CREAT was not given, or O_EXCL was and there is one.
  UniqueFd open_file(const std::string& name, int flags, unsigned mode = 0) const;
  std::optional<FileIdentity> identity_of(const std::string& name) const;
  /// Size of a file; 0 when there is none.
  std::uint64_t size_of(const std::string& name) const;
  std::vector<std::string> names() const;      ///< of all that is in it, without "." and ".."
  void remove(const std::string& name) const;  ///< a file, if it is there
  void rename(const std::string& from, const std::string& to) const;  ///< in it, over what is there
  void sync() const;                                                  ///< makes names in it durable
  void sync_file_system() const;  ///< syncfs(2): all that was written to it; see DiskSync

 private:
  [[noreturn]] void fail(const char* what, const std::string& name, int error) const;

  std::string path_;
  UniqueFd fd_;
};

}  // namespace kpipe
