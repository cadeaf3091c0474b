// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace kpipe {

/// Owns one file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

/// Writes all bytes, through EINTR and short writes. Returns 0 or the errno of the failed write.
int write_all(int fd, std::string_view bytes) noexcept;

/// The whole of a small file. Throws Error(io).
std::string read_file(const std::string& path);

/// The same of a file that is open; `path` is for the message.
std::string read_all(int fd, const std::string& path);

bool is_pipe(int fd) noexcept;  ///< a pipe or a FIFO

}  // namespace kpipe
