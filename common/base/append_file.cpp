// SPDX-License-Identifier: Apache-2.0
#include "common/base/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "common/base/error.hpp"

namespace kpipe {

AppendFile::AppendFile(std::string option, std::string path)
    : option_(std::move(option)), path_(std::move(path)) {
  file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file_) throw system_error(named(), errno);
  cut_torn_line();
  if (::flock(file_.get(), LOCK_SH) != 0) throw system_error(named(), errno);
  sync_folder();
}

void AppendFile::append(std::string_view lines) {
  if (const int error = write_all(file_.get(), lines); error != 0)
    throw system_error(named(), error);
  if (::fdatasync(file_.get()) != 0) throw system_error(named(), errno);
}

void AppendFile::cut_torn_line() const {
  const int fd = file_.get();
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return;  // somebody may be writing it
  struct ::stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(named(), errno);
  if (!S_ISREG(status.st_mode)) return;
  std::array<char, 4096> block{};
  for (off_t end = status.st_size; end > 0;) {
    const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
    const ssize_t count = ::pread(fd, block.data(), static_cast<std::size_t>(end - begin), begin);
    if (count != end - begin) throw system_error(named(), count < 0 ? errno : EIO);
    const std::string_view text(block.data(), static_cast<std::size_t>(count));
    const std::size_t last = text.rfind('\n');
    if (last == std::string_view::npos && begin > 0) {
      end = begin;
      continue;
    }
    const off_t whole = last == std::string_view::npos ? 0 : begin + static_cast<off_t>(last) + 1;
    if (whole < status.st_size && ::ftruncate(fd, whole) != 0) throw system_error(named(), errno);
    return;
  }
}

/// A file that was just made must survive as well.
void AppendFile::sync_folder() const {
  const std::string parent = std::filesystem::path(path_).parent_path();
  const std::string folder = parent.empty() ? "." : parent;
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw system_error(option_ + ": " + folder, errno);
}

}  // namespace kpipe
