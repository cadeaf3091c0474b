// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/sink/sink.hpp"
#include "tools/ksink-file/after_publish.hpp"
#include "tools/ksink-file/content.hpp"
#include "tools/ksink-file/dir_about.hpp"
#include "tools/ksink-file/disk_sync.hpp"
#include "tools/ksink-file/encoder.hpp"
#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/options.hpp"
#include "tools/ksink-file/partition_store.hpp"
#include "tools/ksink-file/publisher.hpp"
#include "tools/ksink-file/record_names.hpp"

namespace kpipe {

/// A folder of files that are complete from the moment they have their names, each record in one of
/// them and once. What is not complete grows in the hidden folder .kpipe, where each partition has
/// a folder with its parts, its manifest and its lock. A batch is stored by
///   append to the parts -> fdatasync -> a line in each partition's manifest -> fdatasync,
/// (with many parts one syncfs in place of the first), then it is acknowledged; full parts get
/// their names after that, and if that is not reached, from the next who opens the partition.
///
/// Any number of instances may write one folder. A partition's lock is held while something of it
/// is stored and not in between, so a partition goes from one instance to another with its open
/// parts; the manifest's offset, compared before each batch, tells an instance that it is no longer
/// the one.
class DirSink : public Sink {
 public:
  explicit DirSink(const FileOptions& options);

  std::string name() const override;
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  Outcome store(const Batch& batch) override;
  void revoked(const std::vector<TopicPartition>& partitions) override;
  std::optional<std::chrono::steady_clock::time_point> tick() override;

  /// The last call. With `complete` all that this run has written and nobody else has gone on with
  /// gets its name; without, it waits for the next run. What runs without kconsume completes all
  /// that the folder has.
  void close(bool complete);

 private:
  /// Files that are open at once, over all partitions.
  static constexpr std::size_t kMostOpen = 512;
  /// Shortest wait for the clock: a partition whose lock another has is tried again after it.
  static constexpr std::chrono::milliseconds kDuePause{50};

  PartitionStore& partition(const TopicPartition& tp);
  void bind(const Batch& batch);
  void store_locked(const Batch& batch, const std::vector<PartitionStore*>& stores);
  void gather(const Batch& batch, const std::vector<PartitionStore*>& stores);
  bool is_ours(const TopicPartition& tp) const;
  std::int64_t find_next_due();
  void complete_due(std::int64_t now);
  void complete_all();
  void complete(PartitionStore& store);
  void publish(const std::vector<PartitionStore*>& stores);
  void finish_hooks();
  void await_hooks();

  const FileOptions& options_;
  Folder root_;
  Folder state_;
  DirAbout about_;
  Publisher publisher_;
  std::unique_ptr<Encoder> encoder_;
  RecordNames names_;
  ContentLines content_;
  StoreContext context_;
  std::map<TopicPartition, std::unique_ptr<PartitionStore>> partitions_;
  DiskSync disk_;
  AfterPublish after_;
  std::vector<PublishHook::Job> succeeded_;  ///< of which the manifest does not know yet
  std::set<TopicPartition> ours_;            ///< assigned to us, or written by us
  bool has_source_ = false;
  std::optional<std::int64_t> next_due_;  ///< of a part to be closed by the clock; absent: unknown
  std::optional<TopicPartition> bound_;   ///< noted as the only one, as far as the template asks
};

/// The stored offsets as checkpoint lines on stdout (--print-offsets). Throws Error(no_input) when
/// there are none.
void print_dir_offsets(const FileOptions& options);

}  // namespace kpipe
