// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kFolderMode = 0777;  // as mkdir(1) makes them; the umask decides

}  // namespace

void Folder::fail(const char* what, const std::string& name, int error) const {
  const std::string path = name.empty() ? path_ : path_of(name);
  if (error == ELOOP || error == ENOTDIR) {
    throw Error(Exit::io, std::string(what) + ": " + path +
                              ": a symbolic link or a file stands where a folder or a file of "
                              "ksink-file's belongs. Move it away");
  }
  const bool full = error == ENOSPC || error == EDQUOT || error == EMLINK;
  throw Error(Exit::io,
              std::string(what) + ": " + path + ": " + std::strerror(error) +
                  ". What was not stored was not acknowledged and comes again: " +
                  (full ? "make room and start again" : "look at the disk, then start again"));
}

std::optional<Folder> Folder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), kFolderFlags));
  if (fd) return Folder(path, std::move(fd));
  if (errno == ENOENT) return std::nullopt;
  if (errno == ENOTDIR) {
    throw Error(Exit::usage, "open: " + path + ": is not a folder. Give --dir a folder");
  }
  throw system_error("open: " + path, errno);
}

Folder Folder::open_or_make(const std::string& path) {
  if (auto found = open(path)) return std::move(*found);
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    if (errno == ENOENT) {
      throw Error(Exit::io, "mkdir: " + path + ": the folder above does not exist. Make it first");
    }
    throw system_error("mkdir: " + path, errno);
  }
  auto made = open(path);
  if (!made) throw system_error("open: " + path, ENOENT);
  const auto above = open(std::filesystem::path(path).parent_path().string());
  if (above) above->sync();
  return std::move(*made);
}

std::optional<Folder> Folder::sub(const std::string& name) const {
  UniqueFd fd(::openat(fd_.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
  if (fd) return Folder(path_of(name), std::move(fd));
  if (errno == ENOENT) return std::nullopt;
  fail("open", name, errno);
}

std::optional<Folder> Folder::try_make(const std::string& name, unsigned mode) const {
  if (auto found = sub(name)) return found;
  if (::mkdirat(fd_.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    if (errno == ENOENT) return std::nullopt;
    fail("mkdir", name, errno);
  }
  return sub(name);
}

Folder Folder::sub_or_make(const std::string& name, unsigned mode) const {
  if (auto found = sub(name)) return std::move(*found);
  auto made = try_make(name, mode);
  if (!made) fail("mkdir", name, ENOENT);
  sync();
  return std::move(*made);
}

FileIdentity Folder::identity() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) fail("stat", "", errno);
  return {st.st_dev, st.st_ino};
}

UniqueFd Folder::open_file(const std::string& name, int flags, unsigned mode) const {
  // O_NONBLOCK: a FIFO of this name is refused below, not waited for.
  UniqueFd fd(::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode));
  if (!fd) {
    if (errno == ENOENT && (flags & O_CREAT) == 0) return fd;
    if (errno == EEXIST) return fd;
    fail("open", name, errno);
  }
  if ((flags & O_EXCL) != 0) return fd;  // just made
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) fail("stat", name, errno);
  if (!S_ISREG(st.st_mode)) fail("open", name, ELOOP);
  return fd;
}

std::optional<FileIdentity> Folder::identity_of(const std::string& name) const {
  struct stat st {};
  if (::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
    return FileIdentity{st.st_dev, st.st_ino};
  }
  if (errno == ENOENT) return std::nullopt;
  fail("stat", name, errno);
}

std::uint64_t Folder::size_of(const std::string& name) const {
  struct stat st {};
  if (::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
    return static_cast<std::uint64_t>(st.st_size);
  }
  if (errno == ENOENT) return 0;
  fail("stat", name, errno);
}

std::vector<std::string> Folder::names() const {
  const int copy = ::openat(fd_.get(), ".", kFolderFlags);
  if (copy < 0) fail("open", "", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (!stream) {
    ::close(copy);
    fail("read", "", errno);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) fail("read", "", errno);
  return names;
}

void Folder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) fail("unlink", name, errno);
}

void Folder::rename(const std::string& from, const std::string& to) const {
  if (::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0) fail("rename", from, errno);
}

void Folder::sync() const {
  if (::fsync(fd_.get()) != 0) fail("fsync", "", errno);
}

void Folder::sync_file_system() const {
  if (::syncfs(fd_.get()) != 0) fail("syncfs", "", errno);
}

}  // namespace kpipe
