// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/coordinator_wait.hpp"

#include <thread>

#include "common/base/stop.hpp"

namespace kpipe {

namespace {

/// As long as Kafka's own clients wait (retry.backoff.ms).
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

CoordinatorWait::CoordinatorWait(const Client& client)
    : end_(std::chrono::steady_clock::now() + client.options().timeout) {}

bool CoordinatorWait::again(rd_kafka_resp_err_t code) {
  if (!coordinator_moves(code) || stop::requested()) return false;
  if (std::chrono::steady_clock::now() + kPause >= end_) return false;
  std::this_thread::sleep_for(kPause);
  return !stop::requested();
}

}  // namespace kpipe
