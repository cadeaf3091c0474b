// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/part_files.hpp"

#include <fcntl.h>

#include <set>
#include <string_view>
#include <utility>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kPrefix = "part-";
constexpr unsigned kMode = 0666;  // as shells make files; the umask decides

[[noreturn]] void throw_foreign(const DataFile& file, const std::string& difference) {
  throw Error(Exit::data, "manifest: " + file.path() + ": " + difference +
                              ". Put back the file that the manifest speaks of, or begin a new "
                              "folder under a new --sink-id");
}

}  // namespace

OutBuffer& PartFiles::lines(std::uint64_t id) {
  if (last_ != nullptr && last_id_ == id) return *last_;
  const auto [found, is_new] = gathered_.try_emplace(id);
  if (is_new && !spare_.empty()) {
    found->second = std::move(spare_.back());
    spare_bytes_ -= found->second.capacity();
    spare_.pop_back();
  }
  last_id_ = id;
  last_ = &found->second;
  return *last_;
}

/// Fresh memory for each batch would cost as much as copying the lines.
void PartFiles::put_by(OutBuffer& lines) {
  lines.clear();
  if (spare_bytes_ + lines.capacity() > kMostSpareBytes) return;
  spare_bytes_ += lines.capacity();
  spare_.push_back(std::move(lines));
}

DataFile PartFiles::create(const Folder& folder, const PartState& part) const {
  const std::string name = name_of(epoch_, part.id);
  UniqueFd fd = folder.open_file(name, O_RDWR | O_CREAT | O_EXCL, kMode);
  if (!fd) throw Error(Exit::io, "create: " + folder.path_of(name) + ": is there already");
  return DataFile::adopt(folder.path_of(name), std::move(fd));
}

DataFile PartFiles::reopen(const Folder& folder, const PartState& part) const {
  const std::string name = name_of(epoch_, part.id);
  UniqueFd fd = folder.open_file(name, O_RDWR);
  if (!fd) {
    throw Error(Exit::data, "manifest: " + folder.path_of(name) + ": is gone, with " +
                                std::to_string(part.records) +
                                " stored records in it. Put it back, or begin a new folder under a "
                                "new --sink-id");
  }
  DataFile file = DataFile::adopt(folder.path_of(name), std::move(fd));
  const std::uint64_t size = file.size();
  if (file.identity().inode != part.inode) throw_foreign(file, "is another file");
  if (size < part.length) throw_foreign(file, "was cut");
  if (file.tail_digest(part.length) != part.tail) throw_foreign(file, "was changed");
  return file;
}

DataFile& PartFiles::open(const Folder& folder, const PartState& part) {
  auto found = files_.find(part.id);
  if (found == files_.end()) {
    if (part.inode == 0) return files_.emplace(part.id, create(folder, part)).first->second;
    found = files_.emplace(part.id, reopen(folder, part)).first;
  }
  DataFile& file = found->second;
  const std::uint64_t size = file.size();
  if (size < part.length) throw_foreign(file, "was cut");
  if (size > part.length) file.truncate(part.length);  // an instance was killed before it counted
  return file;
}

void PartFiles::write(const Folder& folder, const std::vector<PartState*>& parts, Encoder& encoder,
                      std::size_t most_open, Syncing syncing) {
  for (PartState* const part : parts) {
    const bool is_new = part->inode == 0;
    before_.push_back({part->id, part->length, is_new});
    DataFile& file = open(folder, *part);
    const auto gathered = gathered_.find(part->id);
    append(file, *part, encoder.encode(gathered->second.view()), syncing);
    if (syncing == Syncing::each) {
      made_one_ |= is_new;
      unsynced_.push_back(part->id);
    }
    put_by(gathered->second);
    if (files_.size() >= most_open) {
      settle();
      files_.clear();
    }
  }
  gathered_.clear();
  last_ = nullptr;
}

void PartFiles::append(DataFile& file, PartState& part, std::string_view bytes, Syncing syncing) {
  file.write_at(part.length, bytes);
  if (syncing == Syncing::each) file.start_writeback(part.length, bytes.size());
  const bool has_tail = part.length == 0 || bytes.size() >= DataFile::kTailSize;
  part.length += bytes.size();
  part.inode = file.identity().inode;
  part.tail = has_tail ? DataFile::tail_digest_of(bytes) : file.tail_digest(part.length);
}

void PartFiles::settle() {
  for (const std::uint64_t id : unsynced_) files_.at(id).sync();
  unsynced_.clear();
}

void PartFiles::sync(const Folder& folder) {
  settle();
  if (made_one_) folder.sync();
  made_one_ = false;
}

void PartFiles::cut_back(const Folder& folder) noexcept {
  for (const Before& before : before_) {
    try {
      const std::string name = name_of(epoch_, before.id);
      if (before.is_new) {
        folder.remove(name);
        continue;
      }
      UniqueFd fd = folder.open_file(name, O_RDWR);
      if (fd) DataFile::adopt(folder.path_of(name), std::move(fd)).truncate(before.length);
    } catch (const Error&) {
    }
  }
  before_.clear();
  unsynced_.clear();
  gathered_.clear();
  last_ = nullptr;
}

void PartFiles::remove_strangers(const Folder& folder, const PartitionState& state) {
  std::set<std::string> ours;
  for (const auto& [id, part] : state.parts) ours.insert(name_of(state.epoch, id));
  for (const auto& [id, file] : state.closed) ours.insert(name_of(state.epoch, id));
  for (const std::string& name : folder.names()) {
    if (name.starts_with(kPrefix) && !ours.contains(name)) folder.remove(name);
  }
}

}  // namespace kpipe
