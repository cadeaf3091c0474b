// SPDX-License-Identifier: Apache-2.0
#include "common/schema/retry_plan.hpp"

#include <algorithm>

namespace kpipe {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{30'000};
constexpr std::chrono::seconds kMostGranted{300};
constexpr std::chrono::minutes kSayEvery{5};

milliseconds since(RetryPlan::Clock::time_point from, RetryPlan::Clock::time_point now) {
  return std::chrono::duration_cast<milliseconds>(now - from);
}

}  // namespace

RetryPlan::Step RetryPlan::failed(Clock::time_point now, double dice,
                                  std::chrono::seconds retry_after) {
  const bool first = failures_ == 0;
  if (first) first_ = now;
  const milliseconds pause = std::min(kFirstPause * (1 << std::min(failures_, 7)), kLongestPause);
  ++failures_;
  Step step;
  step.wait = pause - milliseconds(
                          static_cast<std::int64_t>(dice * static_cast<double>(pause.count()) / 2));
  step.wait = std::max<milliseconds>(step.wait, std::min(retry_after, kMostGranted));
  step.say = first || now - said_ >= kSayEvery;
  if (step.say) said_ = now;
  step.down = since(first_, now);
  return step;
}

std::optional<milliseconds> RetryPlan::answered(Clock::time_point now) {
  if (failures_ == 0) return std::nullopt;
  failures_ = 0;
  return since(first_, now);
}

}  // namespace kpipe
