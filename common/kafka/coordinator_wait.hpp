// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>

#include "common/kafka/client.hpp"

namespace kpipe {

/// A group's coordinator has just changed, or its new one still reads the offsets: after a broker
/// has started, died, or was replaced. Asking again helps.
constexpr bool coordinator_moves(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

/// Pauses between questions to a coordinator that moves, for the client's timeout in all.
class CoordinatorWait {
 public:
  explicit CoordinatorWait(const Client& client);

  /// After an answer with `code`: true when the question is to be put again, which is after a
  /// pause. False when the code says something else, the time is over, or we are to stop.
  bool again(rd_kafka_resp_err_t code);

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace kpipe
