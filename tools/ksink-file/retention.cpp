// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/retention.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/log.hpp"

namespace kpipe {
namespace {

std::string last_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

std::optional<Folder> Retention::folder_of(const std::string& path) const {
  Folder folder(root_.path(), UniqueFd(::fcntl(root_.fd(), F_DUPFD_CLOEXEC, 0)));
  std::size_t at = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       at = slash + 1, slash = path.find('/', at)) {
    auto next = folder.sub(path.substr(at, slash - at));
    if (!next) return std::nullopt;
    folder = std::move(*next);
  }
  return folder;
}

bool Retention::exists(const PublishedFile& file) const {
  struct stat st {};
  return ::fstatat(root_.fd(), file.path.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(st.st_mode) && st.st_ino == file.inode &&
         static_cast<std::uint64_t>(st.st_size) == file.length;
}

void Retention::remove(const PublishedFile& file) const {
  const auto folder = folder_of(file.path);
  if (!folder) return;
  const auto now = folder->identity_of(last_name(file.path));
  if (!now || now->inode != file.inode) return;
  folder->remove(last_name(file.path));
  log::info(root_.path_of(file.path) + ": deleted by --keep");
  std::string path = file.path;
  for (std::size_t slash = path.rfind('/'); slash != std::string::npos; slash = path.rfind('/')) {
    path.resize(slash);
    // What is not empty stays.
    if (::unlinkat(root_.fd(), path.c_str(), AT_REMOVEDIR) != 0) return;
  }
}

std::size_t Retention::run(std::int64_t now_ms) {
  std::vector<PublishedFile> files;  // that are there, the oldest first
  std::uint64_t bytes = 0;
  std::set<std::string> seen;
  for (const std::string& day : log_.days()) {
    std::size_t here = 0;
    for (PublishedFile& file : log_.read(day)) {
      if (!exists(file)) continue;
      ++here;
      if (!seen.insert(file.path).second) continue;
      bytes += file.length;
      files.push_back(std::move(file));
    }
    // Nobody appends to an old list any more.
    if (here == 0 && day < PublishedLog::day_of(now_ms - 2 * 86'400'000)) log_.remove(day);
  }
  std::size_t deleted = 0;
  for (const PublishedFile& file : files) {
    const bool is_old = keep_.age && now_ms - file.at_ms >= keep_.age->count();
    const bool is_too_much = keep_.bytes && bytes > *keep_.bytes;
    if (!is_old && !is_too_much) break;
    try {
      remove(file);
    } catch (const Error& error) {  // not what it was; a reason to look, and none to end
      log::warning(std::string("--keep: ") + error.what());
    }
    bytes -= file.length;
    ++deleted;
  }
  return deleted;
}

}  // namespace kpipe
