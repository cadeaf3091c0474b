// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/config/reference.hpp"
#include "common/kafka/access.hpp"
#include "common/kafka/broker_watch.hpp"
#include "common/kafka/handles.hpp"
#include "common/kafka/instance.hpp"
#include "common/kafka/login_settings.hpp"
#include "common/kafka/said_properties.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// How to reach Kafka, as the user said it.
struct ConnectionOptions {
  std::string bootstrap_servers;        ///< -b; wins over all that follows
  std::vector<Setting> options;         ///< what other options say: --sasl-username and the like
  std::vector<std::string> properties;  ///< -X name=value, any name that canonical_name() knows
  /// What --uri, the environment, the profile and imported files say, the strongest first.
  std::vector<Setting> configured;
  SecretStore secrets;                        ///< for references to them
  std::chrono::milliseconds timeout{10'000};  ///< for each request, and for the first contact
  /// Shared with the copies.
  std::shared_ptr<LoginState> login = std::make_shared<LoginState>();
};

/// What all of them say together: each property once, by name, with what follows from them: the
/// ports of the brokers (9092, with TLS 9093), what auth.type stands for. Among them are those of
/// is_tool_setting() and group.id, which concern kconsume alone. Throws Error(usage) for -X without
/// a value or with two that contradict each other.
std::vector<Setting> connection_settings(const ConnectionOptions& options);

/// librdkafka's configuration under construction. Properties on which the delivery guarantee rests
/// are refused with the reason.
class ClientConfig {
 public:
  /// Applies the user's options. Throws Error(config) for unknown, malformed or refused properties,
  /// and Error(usage) when no brokers are named.
  ClientConfig(const std::string& client_id, const ConnectionOptions& options);

  /// The same errors without a client, except for what references refer to: a credential of systemd
  /// is there in the unit only. Brokers need not be named.
  static void check(const ConnectionOptions& options);

  /// A property of our own; the user's of the same name wins when `overridable`.
  void set(const std::string& name, const std::string& value, bool overridable = false);
  /// What the user said of a property; empty: nothing.
  std::string user_value(const std::string& name) const { return said_.value(name); }
  /// The same of what nobody may see.
  const Secret& user_secret(const std::string& name) const { return said_.secret(name); }
  /// Where the user said it, for messages: "-X", "/etc/kpipe/config.toml:7"; empty: nowhere.
  std::string user_origin(const std::string& name) const { return said_.origin(name); }
  /// All of it.
  const SaidProperties& said() const noexcept { return said_; }

  /// A property as it stands now, whoever set it; empty: unset or unknown.
  std::string property(const std::string& name) const;

  /// With the brokers, wherever they are named.
  const ConnectionOptions& options() const noexcept { return options_; }
  rd_kafka_conf_t* get() noexcept { return conf_.get(); }
  rd_kafka_conf_t* release() noexcept { return conf_.release(); }

  /// Logs in by the tokens of `login`.
  void use_tokens(TokenLogin login) { tokens_ = std::move(login); }
  /// Its source is empty where no tokens are used.
  const TokenLogin& tokens() const noexcept { return tokens_; }

 private:
  explicit ClientConfig(const ConnectionOptions& options);
  void apply(const Setting& setting);

  KafkaConf conf_;
  ConnectionOptions options_;
  SaidProperties said_;
  TokenLogin tokens_;
};

/// One librdkafka instance with its log. librdkafka's own lines go to our log (debug); what it says
/// of failed connections is kept, because its error codes ("Broker transport failure") name no
/// cause.
class Client {
 public:
  /// Takes the configuration, and begins to connect. `type` is a consumer for everything that is
  /// not producing (admin calls work on it). Callbacks set in the configuration get this Client as
  /// their opaque pointer, and through owner() whoever made it.
  Client(ClientConfig config, rd_kafka_type_t type, void* owner = nullptr);
  ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* get() const noexcept { return handle_.get(); }
  const ConnectionOptions& options() const noexcept { return options_; }
  void* owner() const noexcept { return owner_; }
  /// How connections are secured, in the user's words.
  const Security& security() const noexcept { return security_; }
  int timeout_ms() const noexcept { return static_cast<int>(options_.timeout.count()); }

  /// Makes contact: Kafka's cluster id. Throws Error with the cause.
  std::string cluster_id();

  /// Partition numbers of a topic, which is wanted for `operation`. Throws Error(no_input) when
  /// there is no such topic.
  std::vector<std::int32_t> partitions(const std::string& topic,
                                       const std::string& operation = "Read");
  /// All topics that we may see, with their number of partitions; Kafka's internal ones too.
  std::map<std::string, std::int32_t> topics();

  /// Makes a request that blocks for the milliseconds given to it at most. Before, and again where
  /// the connection breaks, waits for a broker: for the timeout at most, and not where no further
  /// attempt can help. Throws Error for what kept us from all brokers; else what the request said.
  rd_kafka_resp_err_t ask(const std::function<rd_kafka_resp_err_t(int)>& request) const;
  /// The next event of `queue`, on which the answer to a request is awaited. Throws Error like
  /// ask(); `what` was asked for.
  KafkaEvent await(rd_kafka_queue_t* queue, const std::string& what) const;
  /// Reads the references to user name and password again, and logs in with them from now on. False
  /// when they are the same as before, or none. Throws Error when nothing is there.
  bool renew_credentials();
  /// The ways to the brokers.
  BrokerWatch& watch() const noexcept { return watch_; }

  /// A configuration property as librdkafka uses it; empty: unset or unknown.
  std::string property(const std::string& name) const;

  /// `context: cause. remedy` with the exit status that fits the code, or the cause that keeps us
  /// from the brokers.
  Error error(const std::string& context, rd_kafka_resp_err_t code,
              const std::string& detail = {}) const;
  /// The same; where access was denied, `missing` is the right that it takes.
  Error error(const std::string& context, rd_kafka_resp_err_t code, const std::string& detail,
              const Right& missing) const;

 private:
  ClientConfig watched(ClientConfig config);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  void reach(BrokerWatch::Clock::time_point end) const;

  ConnectionOptions options_;
  void* owner_;
  const Security security_;
  mutable BrokerWatch watch_;  ///< librdkafka's threads tell it
  KafkaInstance handle_;       ///< last: its end must find the others
};

/// A property of librdkafka's configuration; empty: unset or unknown.
std::string property_of(const rd_kafka_conf_t* conf, const std::string& name);

/// librdkafka's own codes for a request that found no way to a broker, or no answer in time.
bool is_connection_error(rd_kafka_resp_err_t code) noexcept;

Exit exit_for(rd_kafka_resp_err_t code) noexcept;

}  // namespace kpipe
