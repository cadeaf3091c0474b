// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/dir_sink.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/digest.hpp"
#include "tools/ksink-file/sealed_line.hpp"
#include "tools/ksink-file/takeover.hpp"

namespace kpipe {
namespace {

constexpr const char* kStateFolder = ".kpipe";
constexpr unsigned kStateMode = 0700;

std::unique_ptr<Encoder> encoder_of(const Compress& compress) {
  switch (compress.kind) {
    case Compression::none:
      return plain_encoder();
    case Compression::gzip:
      return gzip_encoder(compress.level);
    case Compression::zstd:
      return zstd_encoder(compress);
  }
  return plain_encoder();
}

std::string sink_name(const FileOptions& options) {
  return "file:" + (options.sink.sink_id.empty() ? options.path : options.sink.sink_id);
}

/// Parts of another form cannot be gone on with. Levels do not matter.
std::string form_of(const FileOptions& options) {
  constexpr std::size_t enough = 16;
  return sha256_hex(options.name_template + '\n' + content_name(options.content) + '\n' +
                    compress_name(options.compress))
      .substr(0, enough);
}

/// Every folder that can be a partition's, with what is stored in it.
std::vector<PartitionState> all_stored(const Folder& state) {
  std::vector<PartitionState> all;
  for (const std::string& name : state.names()) {
    if (!PartitionStore::is_folder(name)) continue;
    if (auto found = PartitionStore::peek(state, name)) all.push_back(std::move(*found));
  }
  return all;
}

std::size_t waiting_hooks(const PartitionState& state) {
  return static_cast<std::size_t>(
      std::count_if(state.closed.begin(), state.closed.end(),
                    [](const auto& closed) { return closed.second.has_hook; }));
}

/// Holds the locks of a batch's partitions, taken in one order by all instances.
class Locked {
 public:
  Locked() = default;
  void take(const std::vector<PartitionStore*>& stores) {
    for (PartitionStore* const store : stores) {
      store->lock(PartitionStore::Wait::yes, true);
      held_.push_back(store);
    }
  }
  ~Locked() {
    for (PartitionStore* const store : held_) store->unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  std::vector<PartitionStore*> held_;
};

}  // namespace

DirSink::DirSink(const FileOptions& options)
    : options_(options),
      root_(Folder::open_or_make(options.path)),
      state_(root_.sub_or_make(kStateFolder, kStateMode)),
      about_(state_, options.path),
      publisher_(root_),
      encoder_(encoder_of(options.compress)),
      names_(NameTemplate::parse(options.name_template)),
      content_(options.content),
      context_{state_,
               publisher_,
               *encoder_,
               options.rotation,
               options.lock_timeout,
               form_of(options),
               !options.on_publish.empty()},
      disk_(state_),
      after_(root_, state_, options.on_publish, options.keep) {}

std::string DirSink::name() const {
  return sink_name(options_);
}

PartitionStore& DirSink::partition(const TopicPartition& tp) {
  std::unique_ptr<PartitionStore>& store = partitions_[tp];
  if (!store) store = std::make_unique<PartitionStore>(context_, tp);
  return *store;
}

std::vector<Checkpoint> DirSink::open() {
  remove_leftovers(state_);
  std::vector<Checkpoint> all;
  std::size_t hooks = 0;
  for (const PartitionState& state : all_stored(state_)) {
    all.push_back(state.stored);
    hooks += waiting_hooks(state);
    PartitionStore& store = partition(state.stored.tp);
    if (state.closed.empty() || !store.lock(PartitionStore::Wait::no, false)) continue;
    const StoreUnlock unlock(store);  // else who has the lock gives them their names
    complete(store);
  }
  if (hooks > 0 && options_.on_publish.empty()) {
    log::warning("--on-publish: " + options_.path + ": has " + std::to_string(hooks) +
                 (hooks == 1 ? " file" : " files") +
                 " of earlier runs for which the command has not succeeded. This run has none: the "
                 "next one with --on-publish runs it for them (--on-publish 'true {}' forgets "
                 "them)");
  }
  return all;
}

void DirSink::identify(const SourceIdentity& source) {
  has_source_ = true;
  about_.bind_source(source);
}

std::vector<Checkpoint> DirSink::stored(const std::vector<TopicPartition>& partitions) {
  std::vector<Checkpoint> found;
  for (const TopicPartition& tp : partitions) {
    ours_.insert(tp);
    const auto state = PartitionStore::peek(state_, PartitionStore::folder_of(tp));
    if (state) found.push_back(state->stored);
  }
  return found;
}

/// A template without {topic} or {partition} is for one of them.
void DirSink::bind(const Batch& batch) {
  const NameTemplate& names = names_.names();
  if (names.has_topic() && names.has_partition()) return;
  for (const Batch::Range& range : batch.ranges()) {
    if (bound_ == range.tp) continue;
    about_.bind_records(names.has_topic() ? std::nullopt : std::optional(range.tp.topic),
                        names.has_partition() ? std::nullopt : std::optional(range.tp.partition));
    bound_ = range.tp;
  }
}

Sink::Outcome DirSink::store(const Batch& batch) {
  bind(batch);
  std::vector<PartitionStore*> stores;  // of each range
  for (const Batch::Range& range : batch.ranges()) stores.push_back(&partition(range.tp));
  std::vector<PartitionStore*> in_order = stores;
  std::sort(in_order.begin(), in_order.end(),
            [](const PartitionStore* a, const PartitionStore* b) { return a->tp() < b->tp(); });
  Locked locked;
  locked.take(in_order);
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i]->stored() != batch.ranges()[i].expected) return Outcome::conflict;
    ours_.insert(stores[i]->tp());
  }
  store_locked(batch, stores);
  next_due_.reset();
  return Outcome::stored;
}

void DirSink::store_locked(const Batch& batch, const std::vector<PartitionStore*>& stores) {
  try {
    gather(batch, stores);
    const std::size_t most_open = std::max<std::size_t>(kMostOpen / partitions_.size(), 1);
    std::size_t parts = 0;
    for (const PartitionStore* const store : stores) parts += store->grown();
    const Syncing syncing = disk_.for_files(parts);
    for (PartitionStore* const store : stores) store->write(most_open, syncing);
    if (syncing == Syncing::at_once) disk_.sync();
    for (PartitionStore* const store : stores) store->sync_parts();
    for (std::size_t i = 0; i < stores.size(); ++i) {
      const Batch::Range& range = batch.ranges()[i];
      Checkpoint stored{range.tp, range.next, range.generation, range.topic_id};
      const auto before = stores[i]->stored();
      if (stored.topic_id.empty() && before) stored.topic_id = before->topic_id;
      stores[i]->record(stored);
    }
    for (PartitionStore* const store : stores) store->sync_record();
    publish(stores);
  } catch (const Error&) {
    for (PartitionStore* const store : stores) store->give_up();
    for (const PartitionStore* const store : stores) store->check_owner();  // a better reason
    throw;
  }
  for (const PartitionStore* const store : stores) store->check_owner();
}

void DirSink::gather(const Batch& batch, const std::vector<PartitionStore*>& stores) {
  const std::int64_t now = wall_clock_ms();
  for (std::size_t i = 0; i < stores.size(); ++i) stores[i]->begin(batch.ranges()[i].generation);
  for (const Batch::Entry& entry : batch.entries()) {
    stores[entry.range]->add(
        entry.record, names_.group(entry.record), content_.of(entry),
        [&] { return names_.name(entry.record); }, now);
  }
}

void print_dir_offsets(const FileOptions& options) {
  const auto root = Folder::open(options.path);
  const auto state = root ? root->sub(kStateFolder) : std::nullopt;
  std::map<TopicPartition, Checkpoint> all;
  if (state) {
    for (const PartitionState& partition : all_stored(*state)) {
      all[partition.stored.tp] = partition.stored;
    }
  }
  if (all.empty()) {
    throw Error(Exit::no_input, "--print-offsets: " + options.path +
                                    ": ksink-file has stored nothing in this folder");
  }
  OutBuffer extra;
  append_member(extra, "sink", sink_name(options));
  const std::string group = DirAbout(*state, options.path).group();
  if (!group.empty()) append_member(extra, "group", group);
  OutBuffer lines;
  for (const auto& [tp, stored] : all) {
    append_checkpoint(lines, stored, extra.view());
    lines.append('\n');
  }
  if (const int error = write_all(STDOUT_FILENO, lines.view())) {
    throw system_error("write: stdout", error);
  }
}

}  // namespace kpipe
