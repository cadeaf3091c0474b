// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/manifest_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr const char* kTemporary = "manifest.tmp";
constexpr mode_t kMode = 0600;  // only for us: it names offsets

FileIdentity identity_of(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) throw system_error("manifest: stat", errno);
  return {st.st_dev, st.st_ino};
}

/// Whoever wrote it may have died before it was durable; what we say of it has to be.
void make_durable(int fd, const Folder& folder) {
  if (::fdatasync(fd) != 0) {
    throw system_error("manifest: fdatasync: " + folder.path_of(ManifestFile::kName), errno);
  }
  folder.sync();
}

}  // namespace

std::optional<PartitionState> ManifestFile::peek(const Folder& folder) {
  const UniqueFd fd = folder.open_file(kName, O_RDONLY);
  if (!fd) return std::nullopt;
  const std::string path = folder.path_of(kName);
  const std::string text = read_all(fd.get(), path);
  make_durable(fd.get(), folder);
  return read_manifest(text, path);
}

bool ManifestFile::is_current(const Folder& folder) const {
  struct stat st {};
  if (::fstatat(folder.fd(), kName, &st, AT_SYMLINK_NOFOLLOW) != 0) return !fd_ && errno == ENOENT;
  return fd_ && FileIdentity{st.st_dev, st.st_ino} == identity_ &&
         static_cast<std::uint64_t>(st.st_size) == size_;
}

std::optional<PartitionState> ManifestFile::load(const Folder& folder) {
  fd_ = folder.open_file(kName, O_RDWR | O_APPEND);
  size_ = 0;
  if (!fd_) return std::nullopt;
  const std::string path = folder.path_of(kName);
  const std::string text = read_all(fd_.get(), path);
  const PartitionState state = read_manifest(text, path);
  size_ = text.rfind('\n') + 1;
  whole_size_ = text.find('\n') + 1;
  if (size_ != text.size() && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) {
    throw system_error("manifest: truncate: " + path, errno);
  }
  make_durable(fd_.get(), folder);
  identity_ = identity_of(fd_.get());
  return state;
}

void ManifestFile::replace(const Folder& folder, const PartitionState& state) {
  line_.clear();
  append_line(line_, whole(state));
  UniqueFd fd = folder.open_file(kTemporary, O_RDWR | O_APPEND | O_CREAT | O_TRUNC, kMode);
  const std::string path = folder.path_of(kTemporary);
  if (const int error = write_all(fd.get(), line_.view())) {
    throw system_error("manifest: write: " + path, error);
  }
  if (::fsync(fd.get()) != 0) throw system_error("manifest: fsync: " + path, errno);
  folder.rename(kTemporary, kName);
  replaced_ = true;
  identity_ = identity_of(fd.get());
  fd_ = std::move(fd);
  size_ = whole_size_ = line_.size();
}

void ManifestFile::write(const Folder& folder, const ManifestChange& change,
                         const PartitionState& state) {
  if (!fd_ || (size_ > kReplaceAbove && size_ > 2 * whole_size_)) {
    replace(folder, state);
    return;
  }
  line_.clear();
  append_line(line_, change);
  if (const int error = write_all(fd_.get(), line_.view())) {
    throw system_error("manifest: write: " + folder.path_of(kName), error);
  }
  size_ += line_.size();
}

void ManifestFile::sync(const Folder& folder) {
  if (replaced_) {
    folder.sync();
    replaced_ = false;
    return;
  }
  if (::fdatasync(fd_.get()) != 0) {
    throw system_error("manifest: fdatasync: " + folder.path_of(kName), errno);
  }
}

}  // namespace kpipe
