// SPDX-License-Identifier: Apache-2.0
// How DirSink completes files: their names, what comes after them, the clock and the end.
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/base/stop.hpp"
#include "tools/ksink-file/dir_sink.hpp"

namespace kpipe {
void DirSink::complete(PartitionStore& store) {
  try {
    store.record_closed();
    publish({&store});
    store.record_closed();
  } catch (const Error&) {
    store.check_owner();
    throw;
  }
}

bool DirSink::is_ours(const TopicPartition& tp) const {
  return !has_source_ || ours_.contains(tp);
}

void DirSink::publish(const std::vector<PartitionStore*>& stores) {
  std::size_t files = 0;
  for (const PartitionStore* const store : stores) files += store->unnamed();
  if (files == 0) return;
  const Syncing syncing = disk_.for_files(files);
  for (PartitionStore* const store : stores) store->give_names(syncing);
  if (syncing == Syncing::at_once) disk_.sync();
  for (PartitionStore* const store : stores) {
    for (const ClosedFile& file : store->take_named()) {
      if (after_.begin(store->tp(), file)) store->finished(file.id);
    }
  }
}

void DirSink::finish_hooks() {
  for (PublishHook::Job& job : after_.poll()) succeeded_.push_back(std::move(job));
  std::erase_if(succeeded_, [&](const PublishHook::Job& job) {
    PartitionStore& store = partition(job.tp);
    if (!store.lock(PartitionStore::Wait::no, false)) return false;
    const StoreUnlock unlock(store);
    after_.note(job.file);
    store.finished(job.file.id);
    complete(store);
    return true;
  });
}

/// At the end. What has failed before gets a few more tries; a command that goes on to fail is the
/// next run's.
void DirSink::await_hooks() {
  constexpr int tries = 3;
  PublishHook& hook = after_.hook();
  hook.hurry();
  while (!hook.empty() || !succeeded_.empty()) {
    finish_hooks();
    const bool gives_up = hook.least_failures() >= tries || stop::requested();
    if (gives_up && !hook.is_running() && succeeded_.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (hook.empty()) return;
  throw Error(Exit::temp_fail, "--on-publish: " + std::to_string(hook.size()) +
                                   " files have their names, but the command has not succeeded "
                                   "for them. The next run with --on-publish tries it again");
}

std::optional<std::chrono::steady_clock::time_point> DirSink::tick() {
  if (stop::take_hangup()) complete_all();
  finish_hooks();
  after_.clean();
  auto next = after_.next();
  if (!options_.rotation.interval) return next;
  const std::int64_t now = wall_clock_ms();
  if (!next_due_ || *next_due_ <= now) {
    if (next_due_) complete_due(now);
    next_due_ = find_next_due();
  }
  const std::chrono::milliseconds left(std::max<std::int64_t>(*next_due_ - now, kDuePause.count()));
  const auto due = std::chrono::steady_clock::now() + left;
  return next ? std::min(*next, due) : due;
}

std::int64_t DirSink::find_next_due() {
  std::int64_t next = wall_clock_ms() + options_.rotation.interval->count();
  for (const auto& [tp, store] : partitions_) {
    // Parts of an earlier run, or of another instance that is gone.
    const bool is_unread = !store->is_read() && is_ours(tp);
    if (is_unread && store->lock(PartitionStore::Wait::no, false)) store->unlock();
    if (const auto due = store->next_due()) next = std::min(next, *due);
  }
  return next;
}

void DirSink::complete_due(std::int64_t now) {
  for (const auto& [tp, store] : partitions_) {
    const auto due = store->next_due();
    if (!due || *due > now || !store->lock(PartitionStore::Wait::no, false)) continue;
    const StoreUnlock unlock(*store);
    store->close_due(now);
    complete(*store);
  }
}

void DirSink::complete_all() {
  for (const auto& [tp, store] : partitions_) {
    if (!is_ours(tp) || !store->lock(PartitionStore::Wait::yes, false)) continue;
    const StoreUnlock unlock(*store);
    // Who has gone on with it since has the parts.
    if (!has_source_ || !store->was_changed()) store->close_all();
    complete(*store);
  }
}

/// Who has them now may be at work on them already, in the same folder: then they are not ours to
/// complete.
void DirSink::revoked(const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& tp : partitions) {
    ours_.erase(tp);
    if (!options_.publish_at_revoke) continue;
    PartitionStore& store = partition(tp);
    if (!store.lock(PartitionStore::Wait::no, false)) continue;
    const StoreUnlock unlock(store);
    if (store.was_changed()) continue;
    store.close_all();
    complete(store);
  }
}

void DirSink::close(bool complete) {
  if (complete && options_.publish_at_end) complete_all();
  await_hooks();
  for (const auto& [tp, store] : partitions_) {
    if (!store->is_read() || !store->lock(PartitionStore::Wait::no, false)) continue;
    const StoreUnlock unlock(*store);
    this->complete(*store);
  }
  after_.clean_now();
}

}  // namespace kpipe
