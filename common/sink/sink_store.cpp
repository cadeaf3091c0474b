// SPDX-License-Identifier: Apache-2.0
// SinkLoop: when a batch is stored, and what another instance's storing means for it.
#include <algorithm>

#include "common/base/error.hpp"
#include "common/sink/sink_loop.hpp"

namespace kpipe {

using std::chrono::milliseconds;

std::uint32_t SinkLoop::range_in_batch(const Record& record, const Partition& state) {
  std::uint32_t index = batch_.range_of(record.topic, record.partition);
  if (batch_.range(index).next != 0 && batch_.range(index).generation != record.generation) {
    store();  // one generation a transaction: each is compared and set on its own
    index = batch_.range_of(record.topic, record.partition);
  }
  Batch::Range& range = batch_.range(index);
  if (range.next == 0) {
    range.expected = state.stored;
    range.generation = record.generation;
    range.topic_id = topic_id(range.tp.topic);
  }
  return index;
}

std::string SinkLoop::topic_id(const std::string& topic) const {
  const auto found = topic_ids_.find(topic);
  return found == topic_ids_.end() ? std::string() : found->second;
}

bool SinkLoop::batch_is_full() const {
  return batch_.entries().size() >= options_.batch_size || batch_.bytes() >= options_.batch_bytes;
}

bool SinkLoop::batch_is_due(Clock::time_point now) const {
  return !batch_.empty() &&
         now - batch_since_ >= options_.batch_timeout.value_or(kDefaultBatchTimeout);
}

/// Never store a part of a record's lines: after a crash the rest would be "below the stored
/// offset". A direct pipe has one line a record; through a filter the next record, a mark or a
/// pause says that no more will come.
bool SinkLoop::last_record_is_whole(Clock::time_point now) const {
  return !open_record_ ||
         (now - last_input_ >= kFilterIdle && reader_.remainder().empty() && !reader_.has_ahead());
}

void SinkLoop::store_if_due(Clock::time_point now) {
  if (batch_.empty()) {
    if (now - last_input_ >= kIdle) acknowledge();  // of duplicates alone
    return;
  }
  const bool idle = !options_.batch_timeout && now - last_input_ >= kIdle;
  if ((idle || batch_is_due(now)) && last_record_is_whole(now)) store();
}

/// At EOF: a filter that died, or was fed by a kconsume that did, may have broken off between the
/// lines of one record.
void SinkLoop::leave_out_incomplete() {
  if (!open_record_) return;
  // The last line of a stream with marks is one. Without, kconsume's goodbye must do: a filter that
  // dies after it is not noticed.
  const bool marked = saw_mark_ || source_.marks;
  if (!marked && (!heard_source_ || said_bye_)) return;
  broken_off_ = true;
  const std::uint32_t index = batch_.range_of(open_record_->topic, open_record_->partition);
  const Batch::Range& range = batch_.range(index);
  // Where a part of it is stored already (after a pause), it will not come again: keep the rest.
  const bool begun = range.expected && range.expected->generation == range.generation &&
                     range.next <= range.expected->next;
  if (!begun) batch_.drop_last(index);
}

/// Not with the records of a trickle: a transaction that is open for long is a burden to others.
void SinkLoop::go_ahead() {
  ahead_from_ = batch_.bytes() + kAhead;
  const auto age = Clock::now() - batch_since_;
  const bool waits_long = options_.batch_timeout.value_or(kDefaultBatchTimeout) > kLongestAhead;
  const auto full = std::max(
      static_cast<double>(batch_.bytes()) / static_cast<double>(options_.batch_bytes),
      static_cast<double>(batch_.entries().size()) / static_cast<double>(options_.batch_size));
  if (!waits_long && age <= full * kDefaultBatchTimeout) sink_.go_ahead(batch_);
}

void SinkLoop::store() {
  if (batch_.empty()) return;
  {
    // Below it a thread costs more than it gains.
    constexpr std::size_t large = std::size_t{1} << 20;
    const ReadingAhead reading(batch_.bytes() < large ? nullptr : &reader_.ahead());
    while (sink_.store(batch_) == Sink::Outcome::conflict) rebase();
  }
  counts_.stored += batch_.entries().size();
  ++counts_.batches;
  open_record_.reset();
  for (const Batch::Range& range : batch_.ranges()) {
    partitions_[range.tp].stored = StoredOffset{range.next, range.generation, range.topic_id};
  }
  batch_.clear();
  ahead_from_ = kAhead;
  acknowledge();
  last_input_ = Clock::now();  // the time it took says nothing about the input
}

/// Another instance has stored a part of what we hold (a partition moved, or a zombie of it still
/// runs). Drops that part, so that the rest can be stored on top of it.
void SinkLoop::rebase() {
  std::vector<TopicPartition> tps;
  for (const Batch::Range& range : batch_.ranges()) tps.push_back(range.tp);
  std::map<TopicPartition, StoredOffset> now;
  for (const Checkpoint& c : sink_.stored(tps)) now[c.tp] = StoredOffset{c.offset, c.generation};
  for (std::uint32_t i = 0; i < batch_.ranges().size(); ++i) {
    Batch::Range& range = batch_.range(i);
    const auto found = now.find(range.tp);
    const std::optional<StoredOffset> stored =
        found == now.end() ? std::nullopt : std::optional(found->second);
    if (stored == range.expected) continue;
    if (stored && stored->generation > range.generation) {
      refuse_zombie(to_string(range.tp), range.generation, stored->generation);
    }
    const bool same_generation = stored && stored->generation == range.generation;
    const std::int64_t first_kept = same_generation ? stored->next : 0;
    if (range.expected && (!stored || stored->generation < range.expected->generation ||
                           (same_generation && range.expected->generation == range.generation &&
                            stored->next < range.expected->next))) {
      throw Error(Exit::temp_fail,
                  to_string(range.tp) + ": the stored offset went back from " +
                      std::to_string(range.expected->next) + " to " +
                      (stored ? std::to_string(stored->next) : "none") +
                      " (restored from a backup, or set by hand?). Start the pipeline again: it "
                      "resumes there");
    }
    counts_.duplicates += batch_.drop_below(i, first_kept);
    range.expected = stored;
    range.next = std::max(range.next, first_kept);
    Partition& state = partitions_[range.tp];
    if (same_generation && state.last_generation == range.generation &&
        state.last_seen < first_kept) {
      state.dropping = true;
    }
  }
}

void SinkLoop::refuse_zombie(const std::string& where, std::int64_t generation,
                             std::int64_t newer) {
  throw Error(Exit::temp_fail,
              where + ": generation " + std::to_string(generation) +
                  " is older than the stored one (" + std::to_string(newer) +
                  "): the group's offsets were moved while this pipeline ran. Start it again");
}

}  // namespace kpipe
