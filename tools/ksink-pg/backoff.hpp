// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>

#include "tools/ksink-pg/pg.hpp"

namespace kpipe {

/// Waits between attempts while the database is away: twice as long each time up to a few seconds,
/// with jitter, so that many instances do not come back at once.
class Backoff {
 public:
  explicit Backoff(std::chrono::milliseconds retry_for)
      : retry_for_(retry_for), random_(std::random_device{}()) {}

  /// Says the cause when it is a new one and sleeps. Throws Error (unavailable) when the time is
  /// over, and Error (temp_fail) when a stop signal has come or comes.
  void wait(const PgError& cause);

  /// The attempt after it succeeded: says that it is over.
  void succeeded();

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::milliseconds retry_for_;
  std::minstd_rand random_;
  std::optional<Clock::time_point> since_;
  std::chrono::milliseconds pause_{0};
  std::string said_;
};

}  // namespace kpipe
