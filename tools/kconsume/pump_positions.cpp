// SPDX-License-Identifier: Apache-2.0
// Pump: how far a partition was read, also where no record says so.
#include <algorithm>

#include "common/wire/mark.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe::kconsume {
namespace {

using std::chrono::milliseconds;

/// A partition is marked at most this often.
constexpr milliseconds kMarkInterval{1'000};

}  // namespace

/// The position behind the last record: above it when markers or compacted records end the log.
void Pump::end_of_partition(const rd_kafka_message_t& message) {
  Partition* const partition = partition_of(message);
  if (partition == nullptr) return;
  // A run of --once covers what was there at its start and says no more than that.
  const std::int64_t position =
      partition->end ? std::min(message.offset, *partition->end) : message.offset;
  if (position <= partition->next) return;
  partition->next = position;
  partition->eof = position;
}

/// Tells the tracker of positions above the last record. A sink that can be asked stores them
/// first: what Kafka has committed and the sink has not would look like a sink that lost something.
void Pump::settle_positions() {
  if (options_.marks) return;  // the marks say it
  if (!bad_.settled()) return;
  const bool sink_decides = link_.keeps_positions();
  if (sink_decides && !link_.connected()) return;
  std::vector<Checkpoint> ask;
  for (auto& [tp, partition] : partitions_) {
    if (!partition.eof || partition.in_batch) continue;
    // A filter may still hold records back.
    if (sink_decides && !link_.direct() && tracker_.unacknowledged(tp) > 0) continue;
    if (sink_decides && tracker_.unacknowledged(tp) == 0) partition.asked = *partition.eof;
    tracker_.position(tp, *partition.eof, sink_decides);
    if (tracker_.delivered_offset(tp) != *partition.eof) continue;
    ask.push_back(Checkpoint{tp, *partition.eof, partition.generation});
    partition.encoded = *partition.eof;
    partition.eof.reset();
  }
  if (sink_decides) link_.flush(ask, writer_->submitted_bytes(), !link_.direct());
}

/// Of what is unacknowledged, what holds no record.
std::int64_t Pump::unsettled_positions() const {
  std::int64_t sum = 0;
  for (const auto& [tp, partition] : partitions_) {
    if (tracker_.delivered_offset(tp) == partition.asked) sum += tracker_.unacknowledged(tp);
  }
  return sum;
}

bool Pump::marks_are_due() const {
  if (!options_.marks) return false;
  const auto now = Clock::now();
  return std::any_of(partitions_.begin(), partitions_.end(), [&](const auto& item) {
    return item.second.next > item.second.marked && now - item.second.marked_at >= kMarkInterval;
  });
}

/// Says in the data stream how far the partitions were read. Positions behind the last record
/// (markers, holes) count as read.
void Pump::add_marks(const std::vector<TopicPartition>* only, bool flush) {
  if (!options_.marks) return;
  const auto now = Clock::now();
  for (auto& [tp, partition] : partitions_) {
    if (only != nullptr && std::find(only->begin(), only->end(), tp) == only->end()) continue;
    const bool due =
        partition.next > partition.marked && now - partition.marked_at >= kMarkInterval;
    if (!flush && !due) continue;
    if (out_.bytes.empty()) out_since_ = now;
    Checkpoint upto{tp, partition.next, partition.generation};
    upto.tp.topic.insert(0, options_.format.shape.topic_prefix);
    append_line(out_.bytes, Mark{upto, flush});
    partition.marked = partition.encoded = partition.next;
    partition.marked_at = now;
    partition.eof.reset();
    partition.in_batch = true;
  }
}

}  // namespace kpipe::kconsume
