// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

inline std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// As Kafka's own tools name them. Nothing where the broker did not say.
inline std::optional<std::vector<std::string>> to_operations(const rd_kafka_AclOperation_t* list,
                                                             std::size_t count) {
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(rd_kafka_AclOperation_name(list[i]));
  return names;
}

/// The options and the answers of one kind of admin request.
class AdminCall {
 public:
  AdminCall(const Client& client, rd_kafka_admin_op_t operation, std::string what)
      : client_(client),
        what_(std::move(what)),
        options_(rd_kafka_AdminOptions_new(client.get(), operation)),
        queue_(rd_kafka_queue_new(client.get())) {
    char reason[256];
    const rd_kafka_resp_err_t code = rd_kafka_AdminOptions_set_request_timeout(
        options_.get(), client.timeout_ms(), reason, sizeof reason);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw Error(Exit::usage, std::string("--timeout: ") + reason);
  }

  /// For the next request; comes back with its answer.
  void set_index(std::size_t index) {
    rd_kafka_AdminOptions_set_opaque(options_.get(),
                                     reinterpret_cast<void*>(static_cast<std::uintptr_t>(index)));
  }
  /// What the caller may do with the thing comes with the answer (KIP-430).
  void ask_operations() {
    const KafkaErrorHandle error(
        rd_kafka_AdminOptions_set_include_authorized_operations(options_.get(), 1));
    if (error) throw Error(Exit::software, what_ + ": " + rd_kafka_error_string(error.get()));
  }
  static std::size_t index_of(const KafkaEvent& event) {
    return static_cast<std::size_t>(
        reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event.get())));
  }

  void require_stable_offsets() {
    const KafkaErrorHandle error(
        rd_kafka_AdminOptions_set_require_stable_offsets(options_.get(), 1));
    if (error) throw Error(Exit::software, what_ + ": " + rd_kafka_error_string(error.get()));
  }

  const rd_kafka_AdminOptions_t* options() const { return options_.get(); }
  rd_kafka_queue_t* queue() const { return queue_.get(); }

  /// The next answer, which may be an error.
  KafkaEvent wait() const { return client_.await(queue_.get(), what_); }

  /// The next answer, which must be a success.
  KafkaEvent wait_success() const {
    KafkaEvent event = wait();
    const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw client_.error(what_, code, text_or_empty(rd_kafka_event_error_string(event.get())));
    }
    return event;
  }

 private:
  const Client& client_;
  std::string what_;
  KafkaAdminOptions options_;
  KafkaQueue queue_;
};

}  // namespace kpipe
