// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

/// When a file is closed. All but `interval` depend on the records alone, so the same records make
/// the same files however often the run was broken off; that one is by the clock.
struct RotationRules {
  static constexpr std::uint64_t kDefaultOpen = 1000;

  std::optional<std::uint64_t> records;
  std::optional<std::uint64_t> bytes;  ///< of lines, before compression
  /// A record of the partition, in whatever file, is by its timestamp this much newer than the
  /// file's first.
  std::optional<std::chrono::milliseconds> event_time;
  /// The file was begun this long ago.
  std::optional<std::chrono::milliseconds> interval;
  /// A record begins another file, and so many of its partition are open: the one whose last record
  /// is the oldest is closed. At least 1.
  std::uint64_t open = kDefaultOpen;

  bool is_full(const PartState& part) const {
    return (records && part.records >= *records) || (bytes && part.bytes >= *bytes);
  }
  bool is_past(const PartState& part, std::int64_t newest_ts) const {
    return event_time && part.first_ts && newest_ts - *part.first_ts >= event_time->count();
  }
  bool is_due(const PartState& part, std::int64_t now_ms) const {
    return interval && now_ms - part.opened >= interval->count();
  }
};

}  // namespace kpipe
