// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/sink/sink_loop.hpp"
#include "tests/unit/ack_pipe.hpp"

namespace kpipe::unit {

/// A target in memory that keeps Sink's contract to the letter: a batch is stored whole when each
/// range's `expected` is what is stored, otherwise not at all. Safe to look at from another thread.
class MemorySink : public Sink {
 public:
  using Stored = std::map<TopicPartition, StoredOffset>;

  std::string name() const override { return "memory"; }
  std::vector<Checkpoint> open() override { return list(); }
  void identify(const SourceIdentity& source) override {
    const std::lock_guard lock(mutex_);
    source_ = source;
  }
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint> result;
    for (const TopicPartition& tp : partitions) {
      const auto found = stored_.find(tp);
      if (found != stored_.end())
        result.push_back(
            {tp, found->second.next, found->second.generation, found->second.topic_id});
    }
    return result;
  }
  Outcome store(const Batch& batch) override {
    if (before_store) before_store(*this);
    const std::lock_guard lock(mutex_);
    for (const Batch::Range& range : batch.ranges()) {
      const auto found = stored_.find(range.tp);
      const auto now = found == stored_.end() ? std::nullopt : std::optional(found->second);
      if (now != range.expected) {
        ++conflicts_;
        return Outcome::conflict;
      }
    }
    std::vector<std::string> values;
    for (const Batch::Entry& entry : batch.entries()) {
      const Record& record = entry.record;
      rows_.push_back(std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
                      std::to_string(record.offset) + "=" + std::string(record.value.raw));
    }
    for (const Batch::Range& range : batch.ranges()) {
      StoredOffset& now = stored_[range.tp];
      now.next = range.next;
      now.generation = range.generation;
      if (!range.topic_id.empty()) now.topic_id = range.topic_id;
    }
    sizes_.push_back(batch.entries().size());
    return Outcome::stored;
  }

  void revoked(const std::vector<TopicPartition>& partitions) override {
    const std::lock_guard lock(mutex_);
    for (const TopicPartition& tp : partitions) {
      const auto found = stored_.find(tp);
      revoked_.push_back({tp, found == stored_.end() ? 0 : found->second.next});
    }
  }

  /// Runs at the beginning of each store(): another instance at work.
  std::function<void(MemorySink&)> before_store;

  void put(const TopicPartition& tp, const StoredOffset& offset) {
    const std::lock_guard lock(mutex_);
    stored_[tp] = offset;
  }
  void forget(const TopicPartition& tp) {
    const std::lock_guard lock(mutex_);
    stored_.erase(tp);
  }
  std::optional<StoredOffset> at(const TopicPartition& tp) const {
    const std::lock_guard lock(mutex_);
    const auto found = stored_.find(tp);
    return found == stored_.end() ? std::nullopt : std::optional(found->second);
  }
  /// "t[0]@5=VALUE" in the order of storing.
  std::vector<std::string> rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  /// Records of each batch stored.
  std::vector<std::size_t> sizes() const {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }
  SourceIdentity source() const {
    const std::lock_guard lock(mutex_);
    return source_;
  }
  /// What was revoked, with the offset that was stored then.
  std::vector<Checkpoint> revoked_so_far() const {
    const std::lock_guard lock(mutex_);
    return revoked_;
  }
  int conflicts() const {
    const std::lock_guard lock(mutex_);
    return conflicts_;
  }

 private:
  std::vector<Checkpoint> list() const {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint> all;
    for (const auto& [tp, offset] : stored_) all.push_back({tp, offset.next, offset.generation});
    return all;
  }

  mutable std::mutex mutex_;
  Stored stored_;
  std::vector<std::string> rows_;
  std::vector<std::size_t> sizes_;
  SourceIdentity source_;
  std::vector<Checkpoint> revoked_;
  int conflicts_ = 0;
};

/// A record line with its '\n'.
inline std::string line(const std::string& topic, int partition, std::int64_t offset,
                        const std::string& value, std::int64_t generation = 0) {
  return R"({"topic":")" + topic + R"(","partition":)" + std::to_string(partition) +
         R"(,"offset":)" + std::to_string(offset) +
         (generation > 0 ? ",\"gen\":" + std::to_string(generation) : "") +
         R"(,"timestamp":1,"key":null,"headers":[],"value":)" + value + "}\n";
}

/// Runs the loop over `input` until EOF.
inline SinkCounts run_sink(MemorySink& sink, const std::string& input,
                           const SinkOptions& options = {}) {
  Pipe pipe;
  // A loop that throws closes nothing, so the feeder must see its reader go.
  std::thread feeder([&pipe, &input] {
    static_cast<void>(write_all(pipe.writer(), input));
    pipe.close_writer();
  });
  std::optional<SinkCounts> counts;
  std::exception_ptr failure;
  try {
    counts = SinkLoop(pipe.reader(), sink, options).run();
  } catch (...) {
    failure = std::current_exception();
  }
  pipe.close_reader();
  feeder.join();
  if (failure) std::rethrow_exception(failure);
  return *counts;
}

}  // namespace kpipe::unit
