// SPDX-License-Identifier: Apache-2.0
#include "common/sink/batch.hpp"

#include <algorithm>
#include <cstring>

#include "common/base/out_buffer.hpp"

namespace kpipe {
namespace {

/// Large enough that a batch takes a dozen allocations, small enough that a trickle costs little.
constexpr std::size_t kChunkSize = std::size_t{1} << 20;

/// A view into `from` becomes the same view into its copy at `to`. Views that point elsewhere (the
/// literal "null" of an absent field) stay as they are.
std::string_view moved(std::string_view view, std::string_view from, const char* to) {
  if (view.data() < from.data() || view.data() >= from.data() + from.size()) return view;
  return {to + (view.data() - from.data()), view.size()};
}

}  // namespace

std::uint32_t Batch::range_of(std::string_view topic, std::int32_t partition) {
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (ranges_[i].tp.partition == partition && ranges_[i].tp.topic == topic) {
      return static_cast<std::uint32_t>(i);
    }
  }
  ranges_.push_back(Range{TopicPartition{std::string(topic), partition}, {}, 0, 0, {}, 0});
  return static_cast<std::uint32_t>(ranges_.size() - 1);
}

const Batch::Range* Batch::find(std::string_view topic, std::int32_t partition) const {
  const auto it = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return range.tp.partition == partition && range.tp.topic == topic;
  });
  return it == ranges_.end() ? nullptr : &*it;
}

void Batch::add(const Record& record, std::string_view line, std::uint32_t range) {
  char* const copy = allocate(line.size());
  std::memcpy(copy, line.data(), line.size());
  Entry& entry = entries_.emplace_back(Entry{record, {copy, line.size()}, range});
  Record& moved_record = entry.record;
  moved_record.topic = moved(record.topic, line, copy);
  moved_record.key.raw = moved(record.key.raw, line, copy);
  moved_record.headers.raw = moved(record.headers.raw, line, copy);
  moved_record.value.raw = moved(record.value.raw, line, copy);
  ranges_[range].next = record.offset + 1;
  ++ranges_[range].records;
  bytes_ += line.size();
}

void Batch::drop_last(std::uint32_t range) {
  if (ranges_[range].records == 0) return;
  ++edition_;
  const std::int64_t last = ranges_[range].next - 1;
  ranges_[range].records -= std::erase_if(entries_, [&](const Entry& entry) {
    return entry.range == range && entry.record.offset == last;
  });
  ranges_[range].next = last;
}

std::size_t Batch::drop_below(std::uint32_t range, std::int64_t offset) {
  const std::size_t dropped = std::erase_if(entries_, [&](const Entry& entry) {
    return entry.range == range && entry.record.offset < offset;
  });
  ranges_[range].records -= dropped;
  ++edition_;
  return dropped;
}

void Batch::clear() {
  ++edition_;
  entries_.clear();
  ranges_.clear();
  bytes_ = 0;
  // One chunk is kept for the next batch; a burst's memory goes back.
  constexpr std::size_t kept_chunks = 24;
  if (chunks_.size() > kept_chunks) chunks_.resize(kept_chunks);
  std::erase_if(chunks_, [](const Chunk& chunk) { return chunk.capacity > kChunkSize; });
  for (Chunk& chunk : chunks_) chunk.size = 0;
}

char* Batch::allocate(std::size_t size) {
  for (Chunk& chunk : chunks_) {
    if (chunk.capacity - chunk.size < size) continue;
    char* const at = chunk.bytes.get() + chunk.size;
    chunk.size += size;
    return at;
  }
  const std::size_t capacity = std::max(size, kChunkSize);
  chunks_.push_back(
      Chunk{std::unique_ptr<char[]>(new char[capacity + OutBuffer::kPadding]()), size, capacity});
  return chunks_.back().bytes.get();
}

}  // namespace kpipe
