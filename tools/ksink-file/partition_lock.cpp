// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/partition_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <thread>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

constexpr const char* kName = "lock";
constexpr milliseconds kLongestPause{20};

}  // namespace

FolderLock::FolderLock(const Folder& folder)
    : path_(folder.path_of(kName)), fd_(folder.open_file(kName, O_RDWR | O_CREAT, 0600)) {}

bool FolderLock::try_take() {
  for (;;) {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw system_error("lock: " + path_, errno);
  }
}

bool FolderLock::take_within(milliseconds patience) {
  const auto begun = std::chrono::steady_clock::now();
  for (milliseconds pause{1}; !try_take(); pause = std::min(2 * pause, kLongestPause)) {
    if (std::chrono::steady_clock::now() - begun > patience) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

void FolderLock::take() {
  if (!take_within(kPatience)) throw_held(kPatience);
}

void FolderLock::throw_held(milliseconds patience) const {
  throw Error(Exit::temp_fail, "lock: " + path_ + ": held for " + std::to_string(patience.count()) +
                                   " ms by " + owner() +
                                   ". If it is stopped, let it go on or kill it, then start again");
}

void FolderLock::release() noexcept {
  ::flock(fd_.get(), LOCK_UN);
}

/// Linux tells who has it: "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF".
std::string FolderLock::owner() const {
  const std::string unknown = "another process";
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) return unknown;
  try {
    std::istringstream lines(read_file("/proc/locks"));
    const std::string inode = ":" + std::to_string(st.st_ino);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string number, kind, advisory, mode, pid, where;
      words >> number >> kind >> advisory >> mode >> pid >> where;
      if (kind == "FLOCK" && where.ends_with(inode)) return "process " + pid;
    }
  } catch (const Error&) {
  }
  return unknown;
}

}  // namespace kpipe
