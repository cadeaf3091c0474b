// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/kafka/broker_address.hpp"
#include "common/kafka/diagnosis.hpp"

namespace kpipe {

/// What is known of the way to each broker. librdkafka tries all brokers again for ever and answers
/// requests with "Broker transport failure"; what went wrong, and where, is only in the lines of
/// its log, and whether a connection stands is only told to interceptors. Both are kept here by
/// broker, so that the cause can be said, and said at once where no further attempt would help.
/// Opens nothing; safe from any thread.
class BrokerWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `listed`: bootstrap.servers. `timeout` is what messages say of silence.
  BrokerWatch(std::string_view listed, Security security, std::chrono::milliseconds timeout);

  /// A connection's state as librdkafka names it: INIT, TRY_CONNECT, CONNECT, SSL_HANDSHAKE,
  /// APIVERSION_QUERY, AUTH_..., UP, DOWN. `id` is below 0 for a broker of bootstrap.servers, which
  /// librdkafka leaves when the cluster has told its brokers' addresses.
  void on_state(std::int32_t id, std::string_view host, int port, std::string_view state);
  /// A line of librdkafka's log of the facility FAIL: "[thrd:...]: BROKER: what went wrong (after
  /// 3ms in state ...)".
  void on_failure(std::string_view line);
  /// A broker, named as in the log, showed its certificate. X509_V_ERR_*; 0: trusted.
  void on_certificate(std::string_view broker, std::int32_t id, int error);

  /// Some connection stands.
  bool connected() const;
  /// Some broker has been reached where the cluster says it is: nothing of the configuration can be
  /// all wrong.
  bool served() const;
  /// Before any broker has served: why no further attempt can help, at any broker that matters.
  std::optional<Error> hopeless() const;
  /// The causes where brokers cannot be reached now; nothing when there are none.
  std::optional<Error> failure() const;
  /// What to say when there was no answer in time: failure(), where librdkafka still waits, or just
  /// that.
  Error silence() const;
  /// Grows with each login that a broker has refused.
  std::uint64_t refused_logins() const;

  /// Grows with each change of the above.
  std::uint64_t changes() const;
  /// Blocks until there are more changes than `seen`, or `end`.
  void wait(std::uint64_t seen, Clock::time_point end) const;

 private:
  struct Way {
    std::int32_t id = -1;
    BrokerAddress address;
    std::string state = "INIT";
    bool tried = false;
    bool stood = false;          ///< has been UP: nothing is wrong with its address
    std::string failure;         ///< librdkafka's last words; empty: none
    std::uint32_t failures = 0;  ///< attempts that ended badly
    int certificate_error = 0;
    bool certificate_shown = false;

    bool advertised() const { return id >= 0; }
  };

  Way& way(std::int32_t id, const BrokerAddress& address);
  Diagnosis diagnose(const Way& way) const;
  bool is_hopeless(const Way& way) const;
  std::vector<const Way*> current() const;
  std::size_t place(const Way& way) const;
  std::optional<Error> describe(const std::vector<const Way*>& ways) const;

  const Security security_;
  const std::chrono::milliseconds timeout_;
  const std::vector<BrokerAddress> listed_;
  const bool here_;  ///< a listed broker is on this machine

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::pair<std::int32_t, std::string>, Way> ways_;  ///< by id (-1: listed) and address
  bool served_ = false;
  std::uint64_t refused_logins_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace kpipe
