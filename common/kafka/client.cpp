// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/client.hpp"

#include <sys/syslog.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe {
namespace {

std::string remedy_for(rd_kafka_resp_err_t code) {
  switch (exit_for(code)) {
    case Exit::unavailable:
      return ". Check that the brokers are well: kgroups check";
    case Exit::no_permission:
      return ". Ask an administrator of the brokers for the right (kafka-acls.sh)";
    case Exit::no_input:
      return ". Check the name";
    default:
      return {};
  }
}

bool is_denied(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
}

using Clock = BrokerWatch::Clock;

/// While waiting for brokers: how long at most until what was learned about them is looked at.
constexpr std::chrono::milliseconds kLookAgain{50};

int on_certificate(rd_kafka_t*, const char* broker, std::int32_t id, int* error, int, const char*,
                   std::size_t, char* reason, std::size_t reason_size, void* opaque) {
  // librdkafka has none for us before its instance is made.
  if (auto* const client = static_cast<Client*>(opaque); client != nullptr)
    client->watch().on_certificate(broker, id, *error);
  if (reason_size > 0) reason[0] = '\0';
  return *error == 0 ? 1 : 0;
}

rd_kafka_resp_err_t on_state(rd_kafka_t*, std::int32_t id, const char*, const char* host, int port,
                             const char* state, void* watch) {
  static_cast<BrokerWatch*>(watch)->on_state(id, host, port, state);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* handle, const rd_kafka_conf_t*, void* watch, char*,
                           std::size_t) {
  return rd_kafka_interceptor_add_on_broker_state_change(handle, "kpipe", &on_state, watch);
}

/// librdkafka knows the login of Amazon MSK as OAUTHBEARER; people look for its causes elsewhere.
Security security_of(const ClientConfig& config) {
  const std::string said = config.user_value("sasl.mechanism");
  return {config.property("security.protocol"),
          said == "AWS_MSK_IAM" ? said : config.property("sasl.mechanisms")};
}

}  // namespace

Client::Client(ClientConfig config, rd_kafka_type_t type, void* owner)
    : options_(config.options()),
      owner_(owner),
      security_(security_of(config)),
      watch_(config.property("bootstrap.servers"), security_, config.options().timeout),
      handle_(watched(std::move(config)), type) {}

ClientConfig Client::watched(ClientConfig config) {
  rd_kafka_conf_set_opaque(config.get(), this);
  rd_kafka_conf_set_log_cb(config.get(), &Client::on_log);
  rd_kafka_conf_set_ssl_cert_verify_cb(config.get(), &on_certificate);
  rd_kafka_conf_interceptor_add_on_new(config.get(), "kpipe", &on_new, &watch_);
  return config;
}

void Client::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  log::debug(std::string("librdkafka: ") + facility + ": " + text);
  if (level <= LOG_ERR && std::string_view(facility) == "SASLREFRESH")
    log::warning("Kerberos: kinit failed: the ticket was not renewed, and serves until it expires");
  auto* const client = static_cast<Client*>(rd_kafka_opaque(handle));
  if (client != nullptr && std::string_view(facility) == "FAIL") client->watch_.on_failure(text);
}

/// Until a connection stands.
void Client::reach(Clock::time_point end) const {
  for (;;) {
    const std::uint64_t seen = watch_.changes();
    if (watch_.connected()) return;
    if (const auto error = watch_.hopeless()) throw *error;
    if (stop::requested()) throw Error(Exit::temp_fail, "interrupted before Kafka answered");
    const Clock::time_point now = Clock::now();
    if (now >= end) throw watch_.silence();
    watch_.wait(seen, std::min(end, now + kLookAgain));
    // Of several brokers librdkafka tries one, and the next only when somebody wants it.
    const rd_kafka_metadata_t* raw = nullptr;
    if (!watch_.connected()) rd_kafka_metadata(handle_.get(), 0, nullptr, &raw, 0);
    const KafkaMetadata unused(raw);
  }
}

rd_kafka_resp_err_t Client::ask(const std::function<rd_kafka_resp_err_t(int)>& request) const {
  const Clock::time_point end = Clock::now() + options_.timeout;
  for (;;) {
    reach(end);
    const std::uint64_t seen = watch_.changes();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const rd_kafka_resp_err_t code = request(std::max(static_cast<int>(left.count()), 1));
    if (code != RD_KAFKA_RESP_ERR__TRANSPORT || Clock::now() >= end) return code;
    watch_.wait(seen, std::min(end, Clock::now() + kLookAgain));
  }
}

KafkaEvent Client::await(rd_kafka_queue_t* queue, const std::string& what) const {
  // librdkafka answers by itself when its own timeout is over.
  constexpr std::chrono::seconds grace{1};
  const Clock::time_point end = Clock::now() + options_.timeout + grace;
  for (;;) {
    KafkaEvent event(rd_kafka_queue_poll(queue, static_cast<int>(kLookAgain.count())));
    if (event) return event;
    if (const auto error = watch_.hopeless()) throw *error;
    if (Clock::now() >= end) throw error(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
}

bool Client::renew_credentials() {
  const auto now = [&](const std::string& name) {
    for (const Setting& setting : connection_settings(options_)) {
      if (setting.name == name) return resolve(setting, options_.secrets);
    }
    return Secret();
  };
  const Secret user = now("sasl.username");
  const Secret password = now("sasl.password");
  if (user.empty() || password.empty()) return false;
  if (user.reveal() == property("sasl.username") && password.reveal() == property("sasl.password"))
    return false;
  const KafkaErrorHandle error(rd_kafka_sasl_set_credentials(handle_.get(), user.reveal().c_str(),
                                                             password.reveal().c_str()));
  if (error) throw Error(Exit::config, std::string("login: ") + rd_kafka_error_string(error.get()));
  return true;
}

std::string Client::cluster_id() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      ask([&](int ms) { return rd_kafka_metadata(handle_.get(), 0, nullptr, &raw, ms); });
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(options_.bootstrap_servers, code);
  char* const id = rd_kafka_clusterid(handle_.get(), timeout_ms());
  std::string result = id == nullptr ? "" : id;
  std::free(id);
  return result;
}

std::vector<std::int32_t> Client::partitions(const std::string& topic,
                                             const std::string& operation) {
  const RdKafkaPtr<rd_kafka_topic_t> handle(
      rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
  if (!handle) throw error(topic, rd_kafka_last_error());
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      ask([&](int ms) { return rd_kafka_metadata(handle_.get(), 0, handle.get(), &raw, ms); });
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(topic, code);
  const Right right{operation, "topic", topic};
  if (metadata->topic_cnt != 1) throw error(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(topic, found.err, {}, right);
  std::vector<std::int32_t> result;
  for (int i = 0; i < found.partition_cnt; ++i) result.push_back(found.partitions[i].id);
  return result;
}

std::map<std::string, std::int32_t> Client::topics() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      ask([&](int ms) { return rd_kafka_metadata(handle_.get(), 1, nullptr, &raw, ms); });
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error("list topics", code);
  std::map<std::string, std::int32_t> result;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) result[topic.topic] = topic.partition_cnt;
  }
  return result;
}

std::string property_of(const rd_kafka_conf_t* conf, const std::string& name) {
  std::size_t size = 0;
  if (rd_kafka_conf_get(conf, name.c_str(), nullptr, &size) != RD_KAFKA_CONF_OK) return {};
  std::string value(size, '\0');
  rd_kafka_conf_get(conf, name.c_str(), value.data(), &size);
  value.resize(std::strlen(value.c_str()));
  return value;
}

std::string Client::property(const std::string& name) const {
  return property_of(rd_kafka_conf(handle_.get()), name);
}

Error Client::error(const std::string& context, rd_kafka_resp_err_t code,
                    const std::string& detail) const {
  // Its own codes (negative) say that something failed; why is with the connections.
  if (is_connection_error(code)) {
    if (!watch_.served()) return watch_.silence();
    const Error cause = watch_.silence();
    return Error(cause.exit(), context + ": " + cause.what());
  }
  const std::string text = detail.empty() ? rd_kafka_err2str(code) : detail;
  return Error(exit_for(code), context + ": " + text + remedy_for(code));
}

Error Client::error(const std::string& context, rd_kafka_resp_err_t code, const std::string& detail,
                    const Right& missing) const {
  if (!is_denied(code)) return error(context, code, detail);
  return Error(Exit::no_permission, context + ": " + rd_kafka_err2str(code) + ": it takes " +
                                        missing.text() + ". " +
                                        grant(missing, property("sasl.username")));
}

bool is_connection_error(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      return true;
    default:
      return false;
  }
}

Exit exit_for(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
      return Exit::no_input;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      return Exit::no_permission;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC:
      return Exit::temp_fail;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return Exit::usage;
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
      return Exit::data;
    default:
      return Exit::unavailable;
  }
}

}  // namespace kpipe
