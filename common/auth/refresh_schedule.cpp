// SPDX-License-Identifier: Apache-2.0
#include "common/auth/refresh_schedule.hpp"

#include <algorithm>

namespace kpipe {
namespace {

constexpr std::int64_t kShortestWaitMs = 1'000;
constexpr std::int64_t kLongestRetryMs = 30'000;

}  // namespace

void RefreshSchedule::fetched(std::int64_t now_ms, std::int64_t expires_at_ms) {
  failures_ = 0;
  expires_at_ms_ = expires_at_ms;
  const std::int64_t life_ms = expires_at_ms - now_ms;
  const bool long_enough = life_ms - buffer_ms_ >= life_ms / 3;
  const std::int64_t wait_ms = long_enough ? life_ms - buffer_ms_ : life_ms / 5 * 4;
  next_ms_ = now_ms + std::max(wait_ms, kShortestWaitMs);
}

void RefreshSchedule::failed(std::int64_t now_ms) {
  const int doublings = std::min(failures_++, 5);
  next_ms_ = now_ms + std::min(kShortestWaitMs << doublings, kLongestRetryMs);
  // One attempt falls on the end of the old token, so that its end is known when it comes.
  if (alive(now_ms)) next_ms_ = std::min(next_ms_, std::max(expires_at_ms_, now_ms + 1));
}

}  // namespace kpipe
