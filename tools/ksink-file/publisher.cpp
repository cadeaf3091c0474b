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

void Publisher::publish(const Folder& state, const std::string& from, const std::string& part,
                        const ClosedFile& file) {
  const std::string source = from + "/" + part;
  const auto source_identity = state.identity_of(source);
  Folder target(root_.path(), UniqueFd(::fcntl(root_.fd(), F_DUPFD_CLOEXEC, 0)));
  std::size_t at = 0;
  for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
       at = slash + 1, slash = file.path.find('/', at)) {
    const std::string name = file.path.substr(at, slash - at);
    auto next = target.sub(name);
    if (!next) {
      if (!source_identity) return;  // named before, and taken away with its folder
      next = target.sub_or_make(name, kFolderMode);
    }
    make_known(target, *next);
    target = std::move(*next);
  }
  const std::string name = file.path.substr(at);
  if (source_identity) {
    const int error = move_without_replacing(state.fd(), source, target.fd(), name);
    const std::string path = root_.path_of(file.path);
    if (error == EEXIST && target.identity_of(name) == source_identity) {
      state.remove(source);  // a link(2) whose unlink(2) was not reached
    } else if (error == EEXIST) {
      throw Error(Exit::data,
                  "publish: " + path +
                      ": is there already, and is not this run's. It was not overwritten; the new "
                      "one waits in " +
                      state.path_of(source) + ". Move one of them away, then start again");
    } else if (error == EXDEV) {
      throw Error(Exit::io, "publish: " + path + ": is on another file system than " +
                                state.path() +
                                ", so it cannot appear complete. Give --dir a folder without "
                                "mounts in it");
    } else if (error != 0) {
      throw system_error("publish: " + path, error);
    }
    log::info(path + ": " + std::to_string(file.records) + " records");
  }
  target.sync();
}

}  // namespace kpipe
