// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/client.hpp"

#include <sys/syslog.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "common/base/log.hpp"

namespace kpipe {
namespace {

/// librdkafka writes "[thrd:...]: host:port/1: Connect to ... failed: Connection refused (after 0ms
/// ...)".
std::string without_thread_name(std::string_view text) {
  if (text.starts_with("[thrd:")) {
    const std::size_t end = text.find("]: ");
    if (end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  return std::string(text);
}

std::string remedy_for(rd_kafka_resp_err_t code) {
  switch (exit_for(code)) {
    case Exit::unavailable:
      return ". Check -b and that the brokers are reachable";
    case Exit::no_permission:
      return ". Check the login (-X sasl.*), the certificates (-X ssl.*) and the ACLs";
    case Exit::no_input:
      return ". Check the name";
    default:
      return {};
  }
}

}  // namespace

Client::Client(ClientConfig config, rd_kafka_type_t type, void* owner)
    : options_(config.options()), owner_(owner) {
  rd_kafka_conf_set_opaque(config.get(), this);
  rd_kafka_conf_set_log_cb(config.get(), &Client::on_log);
  char reason[512];
  rd_kafka_conf_t* const conf = config.release();
  handle_.reset(rd_kafka_new(type, conf, reason, sizeof reason));
  if (!handle_) {
    rd_kafka_conf_destroy(conf);  // librdkafka takes it only on success
    throw Error(Exit::config, std::string("connection: ") + reason);
  }
}

void Client::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  log::debug(std::string("librdkafka: ") + facility + ": " + text);
  auto* const client = static_cast<Client*>(rd_kafka_opaque(handle));
  // The sum of it all ("1/1 brokers are down") must not replace the cause that was said before.
  const bool summary = std::string_view(text).ends_with("brokers are down");
  if (level > LOG_ERR || summary || client == nullptr) return;
  const std::lock_guard lock(client->mutex_);
  client->last_failure_ = without_thread_name(text);
}

std::string Client::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

std::string Client::cluster_id() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle_.get(), 0, nullptr, &raw, timeout_ms());
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(options_.bootstrap_servers, code);
  char* const id = rd_kafka_clusterid(handle_.get(), timeout_ms());
  std::string result = id == nullptr ? "" : id;
  std::free(id);
  return result;
}

std::vector<std::int32_t> Client::partitions(const std::string& topic) {
  const RdKafkaPtr<rd_kafka_topic_t> handle(
      rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
  if (!handle) throw error(topic, rd_kafka_last_error());
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle_.get(), 0, handle.get(), &raw, timeout_ms());
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(topic, code);
  if (metadata->topic_cnt != 1) throw error(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw error(topic, found.err);
  std::vector<std::int32_t> result;
  for (int i = 0; i < found.partition_cnt; ++i) result.push_back(found.partitions[i].id);
  return result;
}

std::map<std::string, std::int32_t> Client::topics() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle_.get(), 1, nullptr, &raw, timeout_ms());
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
  std::string text = context + ": " + (detail.empty() ? rd_kafka_err2str(code) : detail);
  // Its own codes (negative) say that something failed, its log says what.
  if (code < 0 && exit_for(code) == Exit::unavailable) {
    const std::string failure = last_failure();
    if (!failure.empty()) text += ": " + failure;
  }
  return Error(exit_for(code), text + remedy_for(code));
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
