// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/instance.hpp"

#include <string>
#include <utility>
#include <vector>

#include "common/base/log.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/login_settings.hpp"

namespace kpipe {

/// Hands the tokens of a source on to one instance.
class KafkaInstance::TokenFeed : public TokenListener {
 public:
  TokenFeed(rd_kafka_t* handle, TokenLogin login)
      : handle_(handle), queue_(rd_kafka_queue_get_sasl(handle)), login_(std::move(login)) {
    for (const auto& [name, value] : login_.extensions) {
      extensions_.push_back(name.c_str());
      extensions_.push_back(value.c_str());
    }
    login_.source->add(*this);
  }
  ~TokenFeed() override { login_.source->remove(*this); }
  TokenFeed(const TokenFeed&) = delete;
  TokenFeed& operator=(const TokenFeed&) = delete;

  void on_token(const AccessToken& token) override {
    // librdkafka's own reminders, one for each token: ours come by the clock of the source.
    while (rd_kafka_queue_poll_callback(queue_.get(), 0) > 0) {
    }
    char reason[512];
    const std::string principal = token.principal.empty() ? "kpipe" : token.principal;
    if (rd_kafka_oauthbearer_set_token(handle_, token.value.reveal().c_str(), token.expires_at_ms,
                                       principal.c_str(), extensions_.data(), extensions_.size(),
                                       reason, sizeof reason) != RD_KAFKA_RESP_ERR_NO_ERROR)
      log::warning(std::string("OAUTHBEARER token: librdkafka does not take it: ") + reason);
  }

  void on_no_token(const Error& cause) override {
    rd_kafka_oauthbearer_set_token_failure(handle_, cause.what());
  }

 private:
  rd_kafka_t* handle_;
  KafkaQueue queue_;
  const TokenLogin login_;
  std::vector<const char*> extensions_;  ///< into login_
};

KafkaInstance::KafkaInstance(ClientConfig config, rd_kafka_type_t type) {
  const TokenLogin login = config.tokens();
  if (login.source) {
    login.source->need();
    rd_kafka_conf_enable_sasl_queue(config.get(), 1);
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(config.get(),
                                                   [](rd_kafka_t*, const char*, void*) {});
  }
  char reason[512];
  rd_kafka_conf_t* const conf = config.release();
  handle_.reset(rd_kafka_new(type, conf, reason, sizeof reason));
  if (!handle_) {
    rd_kafka_conf_destroy(conf);  // librdkafka takes it only on success
    throw Error(Exit::config, std::string("connection: ") + reason);
  }
  if (login.source) tokens_ = std::make_unique<TokenFeed>(handle_.get(), login);
}

KafkaInstance::~KafkaInstance() = default;

}  // namespace kpipe
