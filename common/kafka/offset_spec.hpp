// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time_zone.hpp"
#include "common/kafka/offsets.hpp"

namespace kpipe {

/// A place in each partition as people write it: kconsume's --from and kseek's --to.
struct OffsetSpec {
  enum class Kind {
    earliest,
    latest,
    none,      ///< nowhere: a partition without a stored offset is an error
    current,   ///< the committed offset, unmoved
    absolute,  ///< offset `value`
    shift,     ///< `value` records on from the committed offset (back when negative)
    from_end,  ///< `value` records before the end
    time,      ///< the first record at or after `value`, ms since the epoch
  };
  Kind kind = Kind::earliest;
  std::int64_t value = 0;

  bool operator==(const OffsetSpec&) const = default;
};

/// Both tools read  earliest | latest | N | @TIME | -DURATION  (beginning, start and end are taken
/// too, as kcat and rpk spell them; TIME as parse_timestamp() has it). They differ in what is left:
enum class OffsetGrammar {
  from,  ///< none; -N is "the last N records"
  to,    ///< current; +N and -N move the committed offset
};

/// Empty on success; otherwise the reason with examples, for people. -DURATION is reckoned from
/// `now_ms` (ms since the epoch), so that all partitions mean the same moment. `zone` is for dates
/// and times that name none; without it a date is UTC's and a date-time is refused.
std::string parse_offset_spec(std::string_view text, OffsetGrammar grammar, std::int64_t now_ms,
                              OffsetSpec& spec, const TimeZone* zone = nullptr);

/// What follows the @, alone: as parse_timestamp() has it, or an epoch with its unit
/// ("1795246448s", "1795246448000ms").
std::string parse_offset_time(std::string_view text, OffsetSpec& spec,
                              const TimeZone* zone = nullptr);

/// The ends of one partition's log, and where a time falls in it.
struct PartitionLog {
  TopicPartition tp;
  std::int64_t start = -1;  ///< first offset that is still there
  std::int64_t end = -1;    ///< one past the last record (high watermark)
  std::int64_t stable_end =
      -1;  ///< the same as a read_committed consumer sees it: an open transaction holds it back
  std::int64_t at_time =
      -1;  ///< first record at or after the time asked for; -1: none, or not asked
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

enum class StableEnd { ask, skip };

/// One answer a partition, in their order; all requests go out at once. Errors of single partitions
/// are in their answers. Throws Error when a request as a whole failed. stable_end costs one more
/// request, and stays -1 without it.
std::vector<PartitionLog> read_logs(const Client& client,
                                    const std::vector<TopicPartition>& partitions,
                                    std::optional<std::int64_t> time_ms = std::nullopt,
                                    StableEnd stable_end = StableEnd::ask);

struct ResolvedOffset {
  std::int64_t offset = 0;
  /// The time asked for is after the last record: the offset is the end.
  bool after_last_record = false;
};

/// Where `spec` falls in one partition, NOT confined to the log: that is the caller's decision
/// (from_end stops at the start, as there are no more records to give). `end` is one of log.end and
/// log.stable_end. Absent when the spec says no place: `none`, or without a committed offset
/// `current` and `shift`. Pure.
std::optional<ResolvedOffset> resolve_offset(const OffsetSpec& spec, const PartitionLog& log,
                                             std::int64_t end,
                                             std::optional<std::int64_t> committed);

/// The time that read_logs() must be given for `spec`.
std::optional<std::int64_t> time_of(const OffsetSpec& spec);

}  // namespace kpipe
