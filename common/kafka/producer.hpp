// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/fd.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {

/// A record to be written. Views need to live for the call only.
struct OutgoingRecord {
  struct Header {
    std::string_view name;
    std::optional<std::string_view> value;
  };
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<Header> headers;
};

/// Writes to one topic: acks=all, idempotent (KIP-98), so that a retry of librdkafka's own stores
/// nothing twice. What could not be delivered yet is tried for ever. For one thread.
class Producer {
 public:
  /// The topic must be there (Client::partitions()): what a broker makes by itself has its
  /// defaults.
  Producer(ClientConfig config, std::string topic);
  ~Producer();

  /// Gives a record to librdkafka, which copies it. False when its queue is full: serve() and try
  /// again. Throws Error for what no attempt more would change.
  bool send(const OutgoingRecord& record);

  /// Takes what brokers have answered. Throws Error for a record that they refuse: no_permission,
  /// data (too large), temp_fail.
  void serve();
  /// Records that no broker has confirmed yet.
  std::size_t unconfirmed() const noexcept { return unconfirmed_; }

  /// Readable when serve() may have something; for poll(2).
  int fd() const noexcept { return wake_.get(); }

 private:
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque);
  Error refusal(rd_kafka_resp_err_t code, const std::string& text);

  std::string topic_;
  UniqueFd wake_;
  std::size_t unconfirmed_ = 0;
  rd_kafka_resp_err_t failed_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  Client client_;
  KafkaQueue queue_;
};

}  // namespace kpipe
