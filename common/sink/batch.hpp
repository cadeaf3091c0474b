// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/checkpoint.hpp"
#include "common/wire/record.hpp"

namespace kpipe {

/// What a sink has stored for one partition: the next offset it wants, and of which generation.
struct StoredOffset {
  std::int64_t next = 0;
  std::int64_t generation = 0;
  std::string topic_id{};  ///< Kafka's id of the topic when it was stored; empty: unknown

  /// What a compare-and-set compares: the id only explains where the offset came from.
  bool operator==(const StoredOffset& other) const {
    return next == other.next && generation == other.generation;
  }
};

/// Lines waiting to be stored together, with what must become of each partition's stored offset.
/// Owns the lines' bytes; they do not move, so records keep views into them.
class Batch {
 public:
  /// One partition's share. Storing it must compare the stored offset with `expected` (absent:
  /// there must be none) and set it to {next, generation} in the same atomic step as the rows.
  struct Range {
    TopicPartition tp;
    std::optional<StoredOffset> expected;
    std::int64_t next = 0;
    std::int64_t generation = 0;
    std::string topic_id{};  ///< to be kept beside the offset; empty: leave what is there
    std::size_t records = 0;
  };
  struct Entry {
    Record record;            ///< views into `line`
    std::string_view line;    ///< without '\n'; OutBuffer::kPadding bytes behind it are readable
    std::uint32_t range = 0;  ///< index into ranges()
  };

  /// Another one when entries were taken away: what was seen of the batch before is no part of it.
  std::uint64_t edition() const noexcept { return edition_; }

  bool empty() const noexcept { return ranges_.empty(); }  ///< no rows and no offset to move
  std::size_t bytes() const noexcept { return bytes_; }    ///< of lines
  const std::vector<Entry>& entries() const noexcept { return entries_; }  ///< in order of arrival
  const std::vector<Range>& ranges() const noexcept { return ranges_; }

  /// The range of a partition, made when new.
  std::uint32_t range_of(std::string_view topic, std::int32_t partition);
  Range& range(std::uint32_t index) { return ranges_[index]; }
  const Range* find(std::string_view topic, std::int32_t partition) const;

  /// Copies the line in and moves the range's `next` behind it.
  void add(const Record& record, std::string_view line, std::uint32_t range);

  /// Forgets the last record of one range (all its lines), which turned out to be incomplete, and
  /// moves `next` back to it.
  void drop_last(std::uint32_t range);

  /// Forgets the entries of one range below `offset` (they turned out to be stored) and returns how
  /// many; their bytes stay until clear().
  std::size_t drop_below(std::uint32_t range, std::int64_t offset);

  void clear();

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::size_t capacity = 0;
  };
  char* allocate(std::size_t size);

  std::vector<Entry> entries_;
  std::vector<Range> ranges_;
  std::vector<Chunk> chunks_;
  std::size_t bytes_ = 0;
  std::uint64_t edition_ = 0;
};

}  // namespace kpipe
