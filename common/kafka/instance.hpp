// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "common/kafka/handles.hpp"

namespace kpipe {

class ClientConfig;

/// librdkafka's instance, and what keeps its login alive: the tokens of OAUTHBEARER are given to it
/// as they come, whether anybody polls it or not.
class KafkaInstance {
 public:
  /// Takes the configuration. Gets the first token, if one is needed, before anything connects:
  /// throws what that throws, and Error(config) when librdkafka refuses the configuration.
  KafkaInstance(ClientConfig config, rd_kafka_type_t type);
  ~KafkaInstance();
  KafkaInstance(const KafkaInstance&) = delete;
  KafkaInstance& operator=(const KafkaInstance&) = delete;

  rd_kafka_t* get() const noexcept { return handle_.get(); }

 private:
  class TokenFeed;

  KafkaHandle handle_;
  std::unique_ptr<TokenFeed> tokens_;  ///< goes before the handle
};

}  // namespace kpipe
