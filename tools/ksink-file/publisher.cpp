// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/publisher.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
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

/// From the root to the folder of one file after the other. The folders of the last path stay open,
/// as most are on the next one's too, and the last of them is synced when all its files are there.
class Publisher::Walk {
 public:
  Walk(Publisher& publisher, Syncing syncing) : publisher_(publisher), syncing_(syncing) {}

  /// The folder that `path` is in; null when there is none and it is not to be made, or it was
  /// removed meanwhile. Valid until the next call.
  const Folder* enter(const std::string& path, bool make) {
    const std::size_t end = path.rfind('/');
    const std::string folder = end == std::string::npos ? "" : path.substr(0, end + 1);
    if (is_in_one_ && folder == here_) return last();
    leave();
    std::size_t depth = 0;
    for (std::size_t at = 0; at < folder.size(); ++depth) {
      const std::size_t slash = folder.find('/', at);
      const std::string name = folder.substr(at, slash - at);
      at = slash + 1;
      if (depth < steps_.size() && steps_[depth].name == name) continue;
      cut(depth);
      auto next = make ? last()->try_make(name, kFolderMode) : last()->sub(name);
      if (!next) return nullptr;
      if (syncing_ == Syncing::each) publisher_.make_known(*last(), *next);
      steps_.push_back({name, std::move(*next)});
    }
    cut(depth);
    here_ = folder;
    is_in_one_ = true;
    return last();
  }

  /// The folder that was entered has a name that is not durable.
  void named() { is_due_ = syncing_ == Syncing::each; }

  void leave() {
    if (is_due_) last()->sync();
    is_due_ = false;
    is_in_one_ = false;
  }

  /// A folder on the way is not the one any more that has the name.
  void begin_anew() {
    leave();
    steps_.clear();
  }

 private:
  struct Step {
    std::string name;
    Folder folder;
  };

  const Folder* last() const { return steps_.empty() ? &publisher_.root_ : &steps_.back().folder; }
  void cut(std::size_t depth) {
    while (steps_.size() > depth) steps_.pop_back();
  }

  Publisher& publisher_;
  Syncing syncing_;
  std::vector<Step> steps_;
  bool is_in_one_ = false;
  std::string here_;  ///< it, when is_in_one_
  bool is_due_ = false;
};

void Publisher::publish(const Folder& state, const std::string& from, std::vector<Due> files,
                        Syncing syncing) {
  std::sort(files.begin(), files.end(),
            [](const Due& a, const Due& b) { return a.file->path < b.file->path; });
  Walk walk(*this, syncing);
  for (const Due& due : files) publish_one(state, from + "/" + due.part, *due.file, walk);
  walk.leave();
}

void Publisher::publish_one(const Folder& state, const std::string& source, const ClosedFile& file,
                            Walk& walk) {
  const std::string name = file.path.substr(file.path.rfind('/') + 1);  // npos + 1 is 0
  const std::string path = root_.path_of(file.path);
  int error = ENOENT;
  for (int tries = 0; tries < kTries && error == ENOENT; ++tries) {
    if (tries > 0) walk.begin_anew();  // --keep has just removed a folder, as it was empty
    const auto identity = state.identity_of(source);
    const Folder* const target = walk.enter(file.path, identity.has_value());
    if (!identity) {
      // It has its name, or was taken away with its folder.
      if (target != nullptr) walk.named();
      return;
    }
    if (target == nullptr) continue;
    error = move_without_replacing(state.fd(), source, target->fd(), name);
    if (error == EEXIST && target->identity_of(name) == identity) {
      state.remove(source);  // a link(2) whose unlink(2) was not reached
      error = 0;
    }
    if (error == 0) walk.named();
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
