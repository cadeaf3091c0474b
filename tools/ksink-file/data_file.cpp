// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/data_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/error.hpp"
#include "tools/ksink-file/digest.hpp"

namespace kpipe {
namespace {

constexpr mode_t kMode = 0666;  // as shells make files; the umask decides

FileIdentity identity_of(const struct stat& st) {
  return {st.st_dev, st.st_ino};
}

[[noreturn]] void throw_busy(const std::string& path) {
  throw Error(Exit::temp_fail, "lock: " + path +
                                   ": another ksink-file is writing this file. Wait for it to end, "
                                   "or give this one another path");
}

/// flock(2) rather than fcntl(2): it belongs to the open file, so no other descriptor that this
/// process closes can drop it, and the kernel drops it when the process dies.
void lock(int fd, const std::string& path) {
  int result = 0;
  do {
    result = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  if (errno == EWOULDBLOCK) throw_busy(path);
  throw system_error("lock: " + path, errno);
}

int open_unnamed(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return ::open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, kMode);
}

Error cannot_create(const std::string& path, int error) {
  if (error == ENOENT) {
    return Error(Exit::io, "create: " + path + ": its folder does not exist. Make it first");
  }
  return system_error("create: " + path, error);
}

}  // namespace

void DataFile::fail(const char* what, int error) const {
  const std::string message = std::string(what) + ": " + path_ + ": " + std::strerror(error);
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(Exit::io,
              message + ". What was not stored was not acknowledged and comes again: " +
                  (full ? "make room and start again" : "look at the disk, then start again"));
}

std::optional<DataFile> DataFile::open(const std::string& path) {
  for (;;) {
    // O_NONBLOCK: a FIFO of this name is refused below, not waited for.
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd && errno == ELOOP) {
      throw Error(Exit::usage, "open: " + path + ": is a symbolic link. Give the file's own name");
    }
    if (!fd && errno != EISDIR) throw system_error("open: " + path, errno);
    struct stat opened {};
    if (!fd || ::fstat(fd.get(), &opened) != 0 || !S_ISREG(opened.st_mode)) {
      throw Error(Exit::usage,
                  "open: " + path + ": is not a regular file. Give the path of a file");
    }
    lock(fd.get(), path);
    // The name may have got another file between open and lock; then ours is the wrong one.
    struct stat named {};
    if (::lstat(path.c_str(), &named) == 0 && identity_of(named) == identity_of(opened)) {
      return DataFile(path, std::move(fd));
    }
  }
}

DataFile DataFile::create(const std::string& path, std::string_view content) {
  UniqueFd fd(open_unnamed(path));
  const bool unnamed = static_cast<bool>(fd);
  if (!unnamed) {
    // Some file systems (NFS, FUSE) have no unnamed files: there the name appears a moment earlier.
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) throw cannot_create(path, errno);
    fd.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
    if (!fd && errno == EEXIST) throw_busy(path);
    if (!fd) throw cannot_create(path, errno);
  }
  lock(fd.get(), path);
  DataFile file(path, std::move(fd));
  file.write_at(0, content);
  file.sync();
  if (unnamed) {
    const std::string self = "/proc/self/fd/" + std::to_string(file.fd_.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      if (errno == EEXIST) throw_busy(path);
      throw cannot_create(path, errno);
    }
  }
  return file;
}

FileIdentity DataFile::identity() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) fail("stat", errno);
  return identity_of(st);
}

std::uint64_t DataFile::size() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) fail("stat", errno);
  return static_cast<std::uint64_t>(st.st_size);
}

void DataFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

std::string DataFile::read_at(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n =
        ::pread(fd_.get(), bytes.data() + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

void DataFile::start_writeback(std::uint64_t offset, std::uint64_t size) noexcept {
  ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size),
                    SYNC_FILE_RANGE_WRITE);
}

void DataFile::sync() {
  if (::fdatasync(fd_.get()) != 0) fail("fdatasync", errno);
}

void DataFile::truncate(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) fail("truncate", errno);
}

void DataFile::close() {
  if (::close(fd_.release()) != 0 && errno != EINTR) fail("close", errno);
}

std::string DataFile::tail_digest(std::uint64_t length) const {
  const std::uint64_t size = length < kTailSize ? length : kTailSize;
  return sha256_hex(read_at(length - size, static_cast<std::size_t>(size)));
}

std::string DataFile::tail_digest_of(std::string_view bytes) {
  return sha256_hex(bytes.substr(bytes.size() < kTailSize ? 0 : bytes.size() - kTailSize));
}

void DataFile::check_untouched(std::uint64_t length) const {
  struct stat st {};
  if (::lstat(path_.c_str(), &st) != 0 || !(identity_of(st) == identity())) {
    throw Error(Exit::io,
                "write: " + path_ +
                    ": was removed or replaced while it was being written. Nothing of the "
                    "last batch was acknowledged: put the file back and start again");
  }
  if (static_cast<std::uint64_t>(st.st_size) == length) return;
  throw Error(Exit::io, "write: " + path_ + ": is " + std::to_string(st.st_size) +
                            " bytes long where this ksink-file wrote " + std::to_string(length) +
                            ": something else writes or cuts it. Stop that, then start again");
}

}  // namespace kpipe
