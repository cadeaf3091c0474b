// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/takeover.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/disk_sync.hpp"
#include "tools/ksink-file/manifest_file.hpp"
#include "tools/ksink-file/part_files.hpp"
#include "tools/ksink-file/partition_lock.hpp"

namespace kpipe {
namespace {

constexpr const char* kNote = "takes-from";
constexpr char kMark = '~';  // in no partition's folder's name: topics do not have it
constexpr unsigned kFolderMode = 0700;
constexpr std::size_t kChunk = std::size_t{1} << 20;

void remove_folder(const Folder& state, const std::string& name) {
  const auto folder = state.sub(name);
  if (!folder) return;
  for (const std::string& file : folder->names()) folder->remove(file);
  // It fails only when the other process has just made a file in it, which then stays for nobody.
  ::unlinkat(state.fd(), name.c_str(), AT_REMOVEDIR);
}

std::string unused_name(const Folder& state, const std::string& name) {
  for (int number = 1;; ++number) {
    const std::string candidate = name + kMark + std::to_string(number);
    if (!state.identity_of(candidate)) return candidate;
  }
}

void write_note(const Folder& folder, const std::string& text) {
  const UniqueFd note = folder.open_file(kNote, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string path = folder.path_of(kNote);
  if (const int error = write_all(note.get(), text)) throw system_error("write: " + path, error);
  if (::fsync(note.get()) != 0) throw system_error("fsync: " + path, errno);
  folder.sync();
}

/// The first `length` bytes under a new name, which is not durable yet. Nothing when there is no
/// such file.
std::optional<DataFile> copy(const Folder& from, const std::string& old_name, const Folder& to,
                             const std::string& new_name, std::uint64_t length, Syncing syncing) {
  UniqueFd source = from.open_file(old_name, O_RDONLY);
  if (!source) return std::nullopt;
  const DataFile old = DataFile::adopt(from.path_of(old_name), std::move(source));
  DataFile copied = DataFile::adopt(to.path_of(new_name),
                                    to.open_file(new_name, O_RDWR | O_CREAT | O_TRUNC, 0666));
  for (std::uint64_t at = 0; at < length;) {
    const std::string bytes =
        old.read_at(at, static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, length - at)));
    if (bytes.empty()) throw Error(Exit::data, "manifest: " + old.path() + ": was cut");
    copied.write_at(at, bytes);
    at += bytes.size();
  }
  if (syncing == Syncing::each) copied.sync();
  return copied;
}

}  // namespace

bool take_over(const Folder& state, const std::string& name, const Folder& stuck) {
  FolderLock lock(state);
  lock.take();
  if (state.identity_of(name) != stuck.identity()) return true;
  const std::string other = unused_name(state, name);
  const Folder folder = state.sub_or_make(other, kFolderMode);
  // What was due there is due here too.
  write_note(folder, other);
  if (::renameat2(state.fd(), name.c_str(), state.fd(), other.c_str(), RENAME_EXCHANGE) != 0) {
    remove_folder(state, other);
    return false;
  }
  state.sync();
  return true;
}

std::optional<std::string> taken_from(const Folder& folder) {
  const UniqueFd note = folder.open_file(kNote, O_RDONLY);
  if (!note) return std::nullopt;
  return read_all(note.get(), folder.path_of(kNote));
}

void finish_takeover(const Folder& state, const Folder& folder, const std::string& from) {
  const auto old = state.sub(from);
  const bool is_done = folder.identity_of(ManifestFile::kName).has_value();
  if (!old && !is_done) {
    throw Error(Exit::data, "manifest: " + state.path_of(from) +
                                ": is gone, with all that is stored. Restore the folder from a "
                                "backup");
  }
  if (!is_done) {
    // Taken away from a process that was itself in the middle of this.
    if (const auto before = taken_from(*old)) finish_takeover(state, *old, *before);
    auto found = ManifestFile::peek(*old);
    if (found) {
      PartitionState& now = *found;
      const std::uint64_t epoch = now.epoch;
      ++now.epoch;
      const DiskSync disk(state);
      const Syncing syncing = disk.for_files(now.parts.size() + now.closed.size());
      for (auto& [id, part] : now.parts) {
        const auto copied = copy(*old, PartFiles::name_of(epoch, id), folder,
                                 PartFiles::name_of(now.epoch, id), part.length, syncing);
        if (!copied || copied->tail_digest(part.length) != part.tail) {
          throw Error(Exit::data,
                      "manifest: " + old->path_of(PartFiles::name_of(epoch, id)) +
                          ": is gone, or was changed. Restore the folder from a backup");
        }
        part.inode = copied->identity().inode;
      }
      for (auto& [id, file] : now.closed) {
        const auto copied = copy(*old, PartFiles::name_of(epoch, id), folder,
                                 PartFiles::name_of(now.epoch, id), file.length, syncing);
        // Without one it has got its name; publishing it again makes that durable.
        if (copied) file.inode = copied->identity().inode;
      }
      if (syncing == Syncing::at_once) disk.sync();
      folder.sync();
      ManifestFile manifest;
      manifest.write(folder, {}, now);
      manifest.sync(folder);
    }
  }
  // While the note is there, the old folder must be, or the manifest; without it nobody would look
  // for the old folder again.
  if (folder.identity_of(ManifestFile::kName)) remove_folder(state, from);
  folder.remove(kNote);
  folder.sync();
  remove_folder(state, from);
}

void remove_leftovers(const Folder& state) {
  std::vector<std::string> names = state.names();
  std::erase_if(names, [](const std::string& name) { return name.find(kMark) == name.npos; });
  if (names.empty()) return;
  FolderLock lock(state);
  if (!lock.try_take()) return;  // somebody takes over: such a folder may be the one to be
  for (const std::string& name : names) {
    const auto folder = state.sub(name);
    if (!folder) continue;
    // The folder of a process that was stopped has its lock, at least.
    const std::vector<std::string> files = folder->names();
    const bool is_left = files.empty() || (files.size() == 1 && files.front() == kNote);
    if (is_left) remove_folder(state, name);
  }
}

}  // namespace kpipe
