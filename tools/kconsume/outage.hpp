// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/kafka/client.hpp"

namespace kpipe::kconsume {

/// Watches the connections of a run. At the start a failure ends it: within --timeout, and at once
/// where no further attempt can help. Later brokers may come and go: librdkafka tries for ever, and
/// this says so once in a while. Only logins that all brokers refuse end a running pipeline, after
/// --stall-timeout: until then the password's reference is read again each time, since passwords
/// are changed while pipelines run.
class Outage {
 public:
  Outage(Client& client, std::chrono::milliseconds stall_timeout);

  /// To be called every now and then. Throws Error.
  void check();
  /// librdkafka tells of a failed connection, in these words.
  void on_error(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void check_first_contact();
  void check_logins();
  void say(const std::string& text);

  Client& client_;
  std::chrono::milliseconds stall_timeout_;
  Clock::time_point started_;
  bool served_ = false;
  std::uint64_t refused_logins_ = 0;
  std::optional<Clock::time_point> refused_since_;
  std::string said_;
  Clock::time_point said_at_;
};

}  // namespace kpipe::kconsume
