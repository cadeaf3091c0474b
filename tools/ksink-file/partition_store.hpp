// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/sink/batch.hpp"
#include "common/wire/checkpoint.hpp"
#include "tools/ksink-file/disk_sync.hpp"
#include "tools/ksink-file/encoder.hpp"
#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest_file.hpp"
#include "tools/ksink-file/part_book.hpp"
#include "tools/ksink-file/part_files.hpp"
#include "tools/ksink-file/partition_lock.hpp"
#include "tools/ksink-file/publisher.hpp"

namespace kpipe {

/// What the partitions of one run share.
struct StoreContext {
  const Folder& state;  ///< .kpipe
  Publisher& publisher;
  Encoder& encoder;
  RotationRules rules;
  std::chrono::milliseconds lock_timeout;
  std::string form;  ///< of template, content and compression
  bool has_hook;     ///< --on-publish
};

/// One partition's parts and manifest. Several processes may have one of these for the same
/// partition: each looks and writes only while it holds the lock, and looks afresh when another has
/// written since. What is stored counts from the moment its line is in the manifest, so a process
/// that dies in between leaves nothing but bytes for the next to cut off.
class PartitionStore {
 public:
  PartitionStore(const StoreContext& context, TopicPartition tp);

  static std::string folder_of(const TopicPartition& tp);
  static bool is_folder(std::string_view name);  ///< as folder_of() makes them
  /// What is stored, without the lock. Nothing when there is nothing.
  static std::optional<PartitionState> peek(const Folder& state, const std::string& folder);

  const TopicPartition& tp() const noexcept { return tp_; }

  /// Takes the lock and reads what others have stored. Made when new, if `make`; false when there
  /// is nothing, or the lock is another's and not to be waited for.
  enum class Wait { yes, no };
  bool lock(Wait wait, bool make);
  void unlock() noexcept;
  bool is_read() const noexcept { return book_.has_value(); }  ///< lock() has been true once

  // With the lock:

  std::optional<StoredOffset> stored() const;
  /// When a part is to be closed by the clock, in ms since the epoch.
  std::optional<std::int64_t> next_due() const;
  /// Whether another process has stored something between our last lock() but one and this one.
  bool was_changed() const noexcept { return was_changed_; }

  /// A line of the batch. `name` is asked for when a file begins with it.
  void add(const Record& record, std::string_view group, std::string_view line,
           const std::function<std::string()>& name, std::int64_t now_ms);
  /// Before the first line: closes what does not go on with records of this generation.
  void begin(std::int64_t generation);
  void close_due(std::int64_t now_ms) { book_->close_due(now_ms); }
  void close_all() { book_->close_all(); }

  /// First all that was added, then the line in the manifest: only then it counts. When anything
  /// from begin() on throws, give_up() is due: it takes away what the line does not speak of yet,
  /// and what this object knows; the next lock() reads it again.
  /// Each step is taken for all partitions of a batch before the next, so that the disk works on
  /// them together.
  std::size_t grown() const { return book_->grown().size(); }  ///< parts to be written
  void write(std::size_t most_open, Syncing syncing);
  void sync_parts() { files_.sync(*folder_); }  ///< what was written with Syncing::each
  void record(const Checkpoint& stored);
  void sync_record() { manifest_.sync(*folder_); }
  void give_up() noexcept;
  /// The same without new records.
  void record_closed();

  /// Throws Error(temp_fail) when another process took the partition over, lock or not: to be asked
  /// before anything is acknowledged.
  void check_owner() const;

  std::size_t unnamed() const { return book_->state().closed.size() - published_.size(); }
  /// Gives closed files their names.
  void give_names(Syncing syncing);
  /// Those that have got their names, durable ones, since the last call; each stays in the manifest
  /// until it is finished().
  std::vector<ClosedFile> take_named();
  void finished(std::uint64_t id);

 private:
  void open_folder(bool make);
  void take_from_owner();
  void refresh();

  const StoreContext& context_;
  TopicPartition tp_;
  std::string name_;
  std::optional<Folder> folder_;
  std::optional<FolderLock> lock_;
  ManifestFile manifest_;
  std::optional<PartBook> book_;
  bool was_changed_ = false;
  bool is_stored_ = false;  ///< there is a manifest
  PartFiles files_;
  std::set<std::uint64_t> published_;  ///< of the closed ones
};

/// Ends what lock() began.
class StoreUnlock {
 public:
  explicit StoreUnlock(PartitionStore& store) : store_(store) {}
  ~StoreUnlock() { store_.unlock(); }
  StoreUnlock(const StoreUnlock&) = delete;
  StoreUnlock& operator=(const StoreUnlock&) = delete;

 private:
  PartitionStore& store_;
};

}  // namespace kpipe
