// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/publisher.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/log.hpp"

namespace kpipe {
namespace {

constexpr unsigned kFolderMode = 0777;  // as mkdir(1) makes them; the umask decides

/// renameat2(2) with RENAME_NOREPLACE; where the file system has no such thing, link(2) and
/// unlink(2) do the same in two steps. 0 or errno.
int move_without_replacing(int from_fd, const std::string& from, int to_fd, const std::string& to) {
  if (::renameat2(from_fd, from.c_str(), to_fd, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
  if (::linkat(from_fd, from.c_str(), to_fd, to.c_str(), 0) != 0) return errno;
  return ::unlinkat(from_fd, from.c_str(), 0) == 0 ? 0 : errno;
}

}  // namespace

/// Somebody made the folder, us or another instance that may have died since: a name in it is worth
/// nothing before the folder's own is on the disk.
void Publisher::make_known(const Folder& above, const Folder& folder) {
  const std::string key = folder.path() + '\n' + std::to_string(folder.identity().inode);
  if (known_.contains(key)) return;
  above.sync();
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert(key);
}

std::optional<Folder> Publisher::folder_of(const ClosedFile& file, bool make) {
  Folder folder(root_.path(), UniqueFd(::fcntl(root_.fd(), F_DUPFD_CLOEXEC, 0)));
  std::size_t at = 0;
  for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
       at = slash + 1, slash = file.path.find('/', at)) {
    const std::string name = file.path.substr(at, slash - at);
    auto next = make ? folder.try_make(name, kFolderMode) : folder.sub(name);
    if (!next) return std::nullopt;
    make_known(folder, *next);
    folder = std::move(*next);
  }
  return folder;
}

void Publisher::publish(const Folder& state, const std::string& from, const std::string& part,
                        const ClosedFile& file) {
  const std::string source = from + "/" + part;
  const std::string name = file.path.substr(file.path.rfind('/') + 1);  // npos + 1 is 0
  const std::string path = root_.path_of(file.path);
  int error = ENOENT;
  for (int tries = 0; tries < kTries && error == ENOENT; ++tries) {
    const auto identity = state.identity_of(source);
    const auto target = folder_of(file, identity.has_value());
    if (!identity) {
      // It has its name, or was taken away with its folder.
      if (target) target->sync();
      return;
    }
    // Without a folder, or with ENOENT: --keep has just removed it, as it was empty.
    if (!target) continue;
    error = move_without_replacing(state.fd(), source, target->fd(), name);
    if (error == EEXIST && target->identity_of(name) == identity) {
      state.remove(source);  // a link(2) whose unlink(2) was not reached
      error = 0;
    }
    if (error == 0) target->sync();
  }
  if (error == EEXIST) {
    throw Error(Exit::data,
                "publish: " + path +
                    ": is there already, and is not this run's. It was not overwritten; the new "
                    "one waits in " +
                    state.path_of(source) + ". Move one of them away, then start again");
  }
  if (error == EXDEV) {
    throw Error(Exit::io, "publish: " + path + ": is on another file system than " + state.path() +
                              ", so it cannot appear complete. Give --dir a folder without mounts "
                              "in it");
  }
  if (error != 0) throw system_error("publish: " + path, error);
  log::info(path + ": " + std::to_string(file.records) + " records");
}

}  // namespace kpipe
