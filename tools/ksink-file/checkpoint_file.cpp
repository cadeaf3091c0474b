// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/checkpoint_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/base/error.hpp"

namespace kpipe {

void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw system_error("fsync: " + folder, errno);
}

bool CheckpointFile::exists() const {
  struct stat st {};
  if (::lstat(path_.c_str(), &st) == 0) return true;
  if (errno == ENOENT) return false;
  throw system_error("checkpoint: " + path_, errno);
}

std::optional<FileState> CheckpointFile::load() const {
  if (!exists()) return std::nullopt;
  return read_state(read_file(path_), path_);
}

void CheckpointFile::replace(const FileState& state) {
  line_.clear();
  append_state_line(line_, state);
  const std::string temporary = path_ + ".tmp";
  // Only for us: it names offsets and groups. O_NOFOLLOW: the folder may be one that others write
  // to.
  UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw system_error("checkpoint: " + temporary, errno);
  if (const int error = write_all(fd.get(), line_.view())) {
    throw system_error("checkpoint: write: " + temporary, error);
  }
  if (::fsync(fd.get()) != 0) throw system_error("checkpoint: fsync: " + temporary, errno);
  if (::rename(temporary.c_str(), path_.c_str()) != 0) {
    throw system_error("checkpoint: rename: " + temporary, errno);
  }
  sync_folder_of(path_);
  fd_ = std::move(fd);
  size_ = line_.size();
}

void CheckpointFile::shorten(const FileState& state) {
  if (size_ > kReplaceAbove) replace(state);
}

void CheckpointFile::append(const FileState& state) {
  line_.clear();
  append_state_line(line_, state);
  if (const int error = write_all(fd_.get(), line_.view())) {
    throw system_error("checkpoint: write: " + path_, error);
  }
  size_ += line_.size();
}

void CheckpointFile::sync() {
  if (::fdatasync(fd_.get()) != 0) throw system_error("checkpoint: fdatasync: " + path_, errno);
}

void CheckpointFile::close() {
  if (::close(fd_.release()) != 0 && errno != EINTR) {
    throw system_error("checkpoint: close: " + path_, errno);
  }
}

}  // namespace kpipe
