// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/disk_sync.hpp"
#include "tools/ksink-file/encoder.hpp"
#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// The parts of one partition: gathers a batch's lines, then writes them part by part. Used with
/// the partition's lock.
class PartFiles {
 public:
  static std::string name_of(std::uint64_t epoch, std::uint64_t id) {
    return "part-" + std::to_string(epoch) + "." + std::to_string(id);
  }

  /// PartitionState::epoch; closes all files.
  void begin(std::uint64_t epoch) {
    files_.clear();
    epoch_ = epoch;
  }

  /// Where the lines of a part are gathered.
  OutBuffer& lines(std::uint64_t id);

  /// Writes what was gathered for these parts, and fills in their length, inode and tail. At most
  /// `most_open` files are open at a time, and stay so. Throws Error(data) for a part that is not
  /// what its state says, Error(io) else; then, as after sync(), cut_back() is due.
  void write(const Folder& folder, const std::vector<PartState*>& parts, Encoder& encoder,
             std::size_t most_open, Syncing syncing);
  /// Makes durable what was written with Syncing::each. Apart from write(), so that the disk works
  /// on all partitions at once.
  void sync(const Folder& folder);

  /// Takes away what was appended since keep(), unless that fails too: the next who opens the
  /// parts does it again.
  void cut_back(const Folder& folder) noexcept;
  /// It is in the manifest now.
  void keep() { before_.clear(); }

  /// Deletes what a killed run has left: parts that are not in the state.
  static void remove_strangers(const Folder& folder, const PartitionState& state);

  void close(std::uint64_t id) { files_.erase(id); }

 private:
  /// How long a part was before write(); new ones had no length.
  struct Before {
    std::uint64_t id;
    std::uint64_t length;
    bool is_new;
  };

  /// Capacity that is kept for the next batch; more of it would be memory for nothing as soon as
  /// other partitions have their turn.
  static constexpr std::size_t kMostSpareBytes = std::size_t{4} << 20;

  void put_by(OutBuffer& lines);
  DataFile& open(const Folder& folder, const PartState& part);
  DataFile create(const Folder& folder, const PartState& part) const;
  DataFile reopen(const Folder& folder, const PartState& part) const;
  static void append(DataFile& file, PartState& part, std::string_view bytes, Syncing syncing);
  void settle();

  std::uint64_t epoch_ = 0;
  std::map<std::uint64_t, DataFile> files_;
  std::map<std::uint64_t, OutBuffer> gathered_;
  std::uint64_t last_id_ = 0;
  OutBuffer* last_ = nullptr;  ///< of last_id_, in gathered_
  std::vector<OutBuffer> spare_;
  std::size_t spare_bytes_ = 0;
  std::vector<Before> before_;
  std::vector<std::uint64_t> unsynced_;
  bool made_one_ = false;  ///< whose name is not durable
};

}  // namespace kpipe
