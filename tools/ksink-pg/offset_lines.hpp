// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/checkpoint.hpp"
#include "common/wire/json_reader.hpp"
#include "tools/ksink-pg/stored_partition.hpp"

namespace kpipe {

/// A checkpoint line of --set-offsets with what else it says of a stored partition.
struct OffsetLine {
  std::uint64_t number = 0;  ///< counted from 1, for messages
  Checkpoint checkpoint;     ///< generation 0, empty topic_id: not said
  std::string sink;          ///< "pg:public.orders", several joined by '+'; empty: not said
  SourceIdentity source;     ///< empty members: not said
  std::optional<std::int64_t> rows;
};

/// Takes checkpoint lines one by one, as --print-offsets, kseek and kgroups print them.
class OffsetLines {
 public:
  /// Passes over an empty line. Throws Error (data) naming the line for one that is malformed or
  /// whose partition was named before.
  void add(std::string_view text, std::uint64_t number);

  const std::vector<OffsetLine>& lines() const noexcept { return lines_; }

 private:
  JsonReader reader_;
  std::vector<JsonField> fields_;
  OutBuffer text_;
  std::vector<OffsetLine> lines_;
  std::map<TopicPartition, std::uint64_t> numbers_;  ///< of the line that named it
};

/// Reads all of a descriptor. Throws Error (data) when there is no line at all: more likely a
/// command before the pipe that failed than a wish to change nothing.
std::vector<OffsetLine> read_offset_lines(int fd);

/// Throws Error (data) naming the line that is of another sink than `name` ("pg:public.orders").
void refuse_other_sink(const std::vector<OffsetLine>& lines, const std::string& name);

/// What a line makes of a stored partition.
struct OffsetChange {
  std::optional<StoredPartition> before;
  StoredPartition after;
  std::int64_t said_generation = 0;  ///< 0: none
};

/// What a line does not say stays as it is stored. The generation never goes down: kconsume and
/// running sinks take a smaller one for what was before a kseek, and would not follow the offset.
/// `target_oid` is that of the table, for partitions of which nothing is stored yet.
std::vector<OffsetChange> plan_changes(const std::vector<OffsetLine>& lines,
                                       const std::vector<StoredPartition>& stored,
                                       std::int64_t target_oid);

/// "orders[0]: 1042 -> 7 (generation 2)"
std::string change_text(const OffsetChange& change);

}  // namespace kpipe
