// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

namespace kpipe::unit {

/// A pipe. Broken ones end in EPIPE, as in the tools.
class Pipe {
 public:
  Pipe() {
    ::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw system_error("pipe", errno);
    read_.reset(fds[0]);
    write_.reset(fds[1]);
  }
  int reader() const noexcept { return read_.get(); }
  int writer() const noexcept { return write_.get(); }
  void close_reader() noexcept { read_.reset(); }
  void close_writer() noexcept { write_.reset(); }
  int release_writer() noexcept { return write_.release(); }

 private:
  UniqueFd read_;
  UniqueFd write_;
};

/// A new private directory, removed at the end.
class TempDirectory {
 public:
  TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "kpipe-unit-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw system_error(name, errno);
    path_ = name;
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Sockets of this test live in a directory of their own.
class RuntimeDirectory : public TempDirectory {
 public:
  RuntimeDirectory() {
    ::unsetenv("RUNTIME_DIRECTORY");
    ::setenv("XDG_RUNTIME_DIR", path().c_str(), 1);
  }
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
  ~RuntimeDirectory() { ::unsetenv("XDG_RUNTIME_DIR"); }
};

/// Makes a pipe this process's stdin for a while: a source calls a sink direct when it finds its
/// own stdout on the sink's descriptor 0.
class StdinFrom {
 public:
  explicit StdinFrom(int fd) : saved_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (::dup2(fd, STDIN_FILENO) < 0) throw system_error("dup2", errno);
  }
  StdinFrom(const StdinFrom&) = delete;
  StdinFrom& operator=(const StdinFrom&) = delete;
  ~StdinFrom() {
    if (saved_) {
      ::dup2(saved_.get(), STDIN_FILENO);
    } else {
      ::close(STDIN_FILENO);
    }
  }

 private:
  UniqueFd saved_;
};

}  // namespace kpipe::unit
