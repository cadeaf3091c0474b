// SPDX-License-Identifier: Apache-2.0
#include "common/ack/offset_tracker.hpp"

#include <algorithm>

namespace kpipe {

void OffsetTracker::assign(const TopicPartition& tp, const Start& start) {
  partitions_[tp] = start;
}

void OffsetTracker::unassign(const TopicPartition& tp) {
  partitions_.erase(tp);
}
void OffsetTracker::unassign_all() {
  partitions_.clear();
}

void OffsetTracker::delivered(const TopicPartition& tp, std::int64_t next) {
  if (Partition* p = find(tp)) p->delivered = std::max(p->delivered, next);
}

void OffsetTracker::position(const TopicPartition& tp, std::int64_t next, bool sink_decides) {
  Partition* p = find(tp);
  if (p == nullptr || next <= p->delivered) return;
  if (!sink_decides && p->acked == p->delivered) p->acked = next;
  // With acknowledgements outstanding and nobody to ask, the position waits: the caller says it
  // again at the next end-of-partition event or when the last acknowledgement is in.
  if (sink_decides || p->acked == next) p->delivered = next;
}

OffsetTracker::Ack OffsetTracker::acked(const Checkpoint& ack) {
  Partition* p = find(ack.tp);
  if (p == nullptr) return Ack::not_assigned;
  if (ack.generation != p->generation) return Ack::wrong_generation;
  if (ack.offset > p->delivered) return Ack::beyond_delivered;
  if (ack.offset <= p->acked) return Ack::not_ahead;
  p->acked = ack.offset;
  return Ack::accepted;
}

std::vector<Checkpoint> OffsetTracker::committable() const {
  std::vector<Checkpoint> result;
  for (const auto& [tp, p] : partitions_) {
    if (p.acked > p.committed) result.push_back(Checkpoint{tp, p.acked, p.generation});
  }
  return result;
}

void OffsetTracker::committed(const TopicPartition& tp, std::int64_t offset) {
  // An answer that was overtaken by a re-assignment may name more than the new assignment
  // acknowledged.
  if (Partition* p = find(tp)) p->committed = std::max(p->committed, std::min(offset, p->acked));
}

std::int64_t OffsetTracker::unacknowledged() const {
  std::int64_t sum = 0;
  for (const auto& [tp, p] : partitions_) sum += p.delivered - p.acked;
  return sum;
}

std::int64_t OffsetTracker::unacknowledged(const TopicPartition& tp) const {
  const Partition* p = find(tp);
  return p == nullptr ? 0 : p->delivered - p->acked;
}

std::vector<Checkpoint> OffsetTracker::outstanding() const {
  std::vector<Checkpoint> result;
  for (const auto& [tp, p] : partitions_) {
    if (p.delivered > p.acked) result.push_back(Checkpoint{tp, p.delivered, p.generation});
  }
  return result;
}

std::optional<std::int64_t> OffsetTracker::delivered_offset(const TopicPartition& tp) const {
  const Partition* p = find(tp);
  return p == nullptr ? std::nullopt : std::optional(p->delivered);
}

std::optional<std::int64_t> OffsetTracker::acked_offset(const TopicPartition& tp) const {
  const Partition* p = find(tp);
  return p == nullptr ? std::nullopt : std::optional(p->acked);
}

std::optional<std::int64_t> OffsetTracker::committed_offset(const TopicPartition& tp) const {
  const Partition* p = find(tp);
  return p == nullptr ? std::nullopt : std::optional(p->committed);
}

const OffsetTracker::Partition* OffsetTracker::find(const TopicPartition& tp) const {
  const auto it = partitions_.find(tp);
  return it == partitions_.end() ? nullptr : &it->second;
}

OffsetTracker::Partition* OffsetTracker::find(const TopicPartition& tp) {
  const auto it = partitions_.find(tp);
  return it == partitions_.end() ? nullptr : &it->second;
}

}  // namespace kpipe
