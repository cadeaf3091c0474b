// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace kpipe {

/// When to ask again a server that is down, and when to say so. Arithmetic only: clock and dice are
/// the caller's.
class RetryPlan {
 public:
  using Clock = std::chrono::steady_clock;

  struct Step {
    std::chrono::milliseconds wait{0};  ///< until the next attempt
    bool say = false;                   ///< people should hear of it: at first, then every 5 min
    std::chrono::milliseconds down{0};  ///< since the first failure of this outage
  };

  /// An attempt failed. The pauses are 250 ms, 500 ms ... 30 s, of which `dice` (0 to 1) takes away
  /// up to half, so that many who wait for one server do not come back all at once. `retry_after`
  /// is what the server asks for; at most 5 min of it are granted.
  Step failed(Clock::time_point now, double dice, std::chrono::seconds retry_after = {});

  /// An attempt was answered: how long the outage was, if there was one.
  std::optional<std::chrono::milliseconds> answered(Clock::time_point now);

 private:
  int failures_ = 0;
  Clock::time_point first_;
  Clock::time_point said_;
};

}  // namespace kpipe
