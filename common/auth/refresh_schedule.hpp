// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace kpipe {

/// When to ask for the next token. Arithmetic only; all times are ms since the epoch.
class RefreshSchedule {
 public:
  /// `buffer`: how long before its end a token is replaced.
  explicit RefreshSchedule(std::chrono::milliseconds buffer) : buffer_ms_(buffer.count()) {}

  /// A token came, at `now_ms`. It is replaced `buffer` before its end if that leaves a third of
  /// its life, else when 80 % are over; never at once, or a short life would become a loop.
  void fetched(std::int64_t now_ms, std::int64_t expires_at_ms);

  /// None came. The next attempt is 1 s later, then 2 s, 4 s ... 30 s.
  void failed(std::int64_t now_ms);

  std::int64_t next_ms() const noexcept { return next_ms_; }
  /// Whether the last token may still be used.
  bool alive(std::int64_t now_ms) const noexcept { return now_ms < expires_at_ms_; }

 private:
  std::int64_t buffer_ms_;
  std::int64_t expires_at_ms_ = 0;
  std::int64_t next_ms_ = 0;
  int failures_ = 0;  ///< since the last token
};

}  // namespace kpipe
