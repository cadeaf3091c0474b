// SPDX-License-Identifier: Apache-2.0
#include "common/ack/upstream.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// Pipelines are short; a longer walk means that something is odd, and a wrong channel is worse
/// than none.
constexpr std::size_t kMaxFilters = 16;

struct CloseDir {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using DirHandle = std::unique_ptr<DIR, CloseDir>;

std::optional<PipeId> pipe_at(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISFIFO(st.st_mode)) return std::nullopt;
  return PipeId{st.st_dev, st.st_ino};
}

/// The mode of an entry of /proc/PID/fd is the mode it was opened with.
bool is_open_for_writing(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 && (st.st_mode & S_IWUSR) != 0;
}

bool writes_to(const std::string& process, const PipeId& pipe) {
  const DirHandle fds(::opendir((process + "/fd").c_str()));
  if (!fds) return false;  // gone, or not ours
  while (const dirent* entry = ::readdir(fds.get())) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const std::string path = process + "/fd/" + entry->d_name;
    if (pipe_at(path) == pipe && is_open_for_writing(path)) return true;
  }
  return false;
}

/// What the writer of `pipe` reads, if that is a pipe too. With several writers (a subshell that
/// forked) the first that reads a pipe of its own counts.
std::optional<PipeId> pipe_before(const PipeId& pipe) {
  const DirHandle proc(::opendir("/proc"));
  if (!proc) return std::nullopt;
  const std::string self = std::to_string(::getpid());
  while (const dirent* entry = ::readdir(proc.get())) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0 || self == entry->d_name)
      continue;
    const std::string process = std::string("/proc/") + entry->d_name;
    struct stat st {};
    if (::stat(process.c_str(), &st) != 0 || st.st_uid != ::geteuid()) continue;
    if (!writes_to(process, pipe)) continue;
    const auto before = pipe_at(process + "/fd/0");
    if (before && *before != pipe) return before;
  }
  return std::nullopt;
}

}  // namespace

std::vector<PipeId> upstream_pipes(int input_fd) {
  std::vector<PipeId> pipes;
  for (auto pipe = pipe_id(input_fd); pipe && pipes.size() <= kMaxFilters;
       pipe = pipe_before(*pipe)) {
    if (std::find(pipes.begin(), pipes.end(), *pipe) != pipes.end()) break;
    pipes.push_back(*pipe);
  }
  return pipes;
}

}  // namespace kpipe
