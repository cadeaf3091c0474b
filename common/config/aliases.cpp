// SPDX-License-Identifier: Apache-2.0
#include "common/config/aliases.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// How a value is carried over from the alias to the canonical name.
enum class Carry {
  as_it_is,
  upper_case,
  seconds,       ///< a bare number is seconds
  milliseconds,  ///< a bare number is milliseconds
  opposite,      ///< true is false
  host_check,    ///< true is https, false is none
  start,         ///< where to start reading, in Kafka's words
  metadata       ///< true is the whole record, false the value alone
};

struct Alias {
  std::string_view name;
  std::string_view canonical;
  Carry carry = Carry::as_it_is;
};

constexpr Alias aliases[] = {
    {"brokers", "bootstrap.servers"},
    {"bootstrap_servers", "bootstrap.servers"},
    {"bootstrap_server", "bootstrap.servers"},
    {"metadata.broker.list", "bootstrap.servers"},
    {"client_id", "client.id"},
    {"api_version", "broker.version.fallback"},
    {"max_partition_fetch_bytes", "max.partition.fetch.bytes"},

    {"security_protocol", "security.protocol", Carry::upper_case},
    {"security.protocol", "security.protocol", Carry::upper_case},
    {"auth.protocol", "security.protocol", Carry::upper_case},
    {"auth_type", "auth.type"},
    {"sasl.mechanism", "sasl.mechanism", Carry::upper_case},
    {"sasl.mechanisms", "sasl.mechanism", Carry::upper_case},
    {"sasl_mechanism", "sasl.mechanism", Carry::upper_case},
    {"sasl_mechanisms", "sasl.mechanism", Carry::upper_case},
    {"mechanism", "sasl.mechanism", Carry::upper_case},
    {"auth.mechanism", "sasl.mechanism", Carry::upper_case},
    {"sasl_config.mechanism", "sasl.mechanism", Carry::upper_case},
    {"sasl_username", "sasl.username"},
    {"auth.username", "sasl.username"},
    {"sasl_config.username", "sasl.username"},
    {"sasl_password", "sasl.password"},
    {"auth.password", "sasl.password"},
    {"sasl_config.password", "sasl.password"},

    {"allow_cleartext", "allow.cleartext.login"},

    {"auth.region", "aws.region"},
    {"aws_region", "aws.region"},
    {"aws_profile", "aws.profile"},
    {"oauth_token_url", "sasl.oauthbearer.token.endpoint.url"},
    {"oauth_client_id", "sasl.oauthbearer.client.id"},
    {"oauth_client_secret", "sasl.oauthbearer.client.secret"},
    {"oauth_scope", "sasl.oauthbearer.scope"},
    {"oauth_audience", "sasl.oauthbearer.audience"},
    {"oauth_extensions", "sasl.oauthbearer.extensions"},
    {"sasl_config.oauth_token_url", "sasl.oauthbearer.token.endpoint.url"},
    {"sasl_config.oauth_client_id", "sasl.oauthbearer.client.id"},
    {"sasl_config.oauth_client_secret", "sasl.oauthbearer.client.secret"},
    {"sasl_config.oauth_scope", "sasl.oauthbearer.scope"},
    {"sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.id"},
    {"sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"},

    {"ssl_ca_location", "ssl.ca.location"},
    {"cafile", "ssl.ca.location"},
    {"ca_file", "ssl.ca.location"},
    {"ssl_config.cafile", "ssl.ca.location"},
    {"ssl_certificate_location", "ssl.certificate.location"},
    {"certfile", "ssl.certificate.location"},
    {"cert_file", "ssl.certificate.location"},
    {"ssl_config.certfile", "ssl.certificate.location"},
    {"ssl_key_location", "ssl.key.location"},
    {"keyfile", "ssl.key.location"},
    {"key_file", "ssl.key.location"},
    {"ssl_config.keyfile", "ssl.key.location"},
    {"ssl_key_password", "ssl.key.password"},
    {"key_password", "ssl.key.password"},
    {"ssl_config.password", "ssl.key.password"},
    {"ssl_ca_pem", "ssl.ca.pem"},
    {"ssl_cert_pem", "ssl.certificate.pem"},
    {"ssl_certificate_pem", "ssl.certificate.pem"},
    {"ssl_key_pem", "ssl.key.pem"},
    // Java's, where librdkafka has another name for the same: PEM in the value (KIP-651).
    {"ssl.truststore.certificates", "ssl.ca.pem"},
    {"ssl.keystore.certificate.chain", "ssl.certificate.pem"},
    {"ssl.keystore.key", "ssl.key.pem"},
    {"ssl_truststore_location", "ssl.truststore.location"},
    {"trust_store_file", "ssl.truststore.location"},
    {"ssl_truststore_password", "ssl.truststore.password"},
    {"trust_store_password", "ssl.truststore.password"},
    {"ssl_truststore_type", "ssl.truststore.type"},
    {"trust_store_type", "ssl.truststore.type"},
    {"ssl_keystore_location", "ssl.keystore.location"},
    {"key_store_file", "ssl.keystore.location"},
    {"ssl_keystore_password", "ssl.keystore.password"},
    {"key_store_password", "ssl.keystore.password"},
    {"ssl_keystore_type", "ssl.keystore.type"},
    {"key_store_type", "ssl.keystore.type"},
    {"check_hostname", "ssl.endpoint.identification.algorithm", Carry::host_check},
    {"ssl_check_hostname", "ssl.endpoint.identification.algorithm", Carry::host_check},
    {"ssl_config.check_hostname", "ssl.endpoint.identification.algorithm", Carry::host_check},

    {"schema_registry_url", "schema.registry.url"},
    {"schema_registry.endpoint", "schema.registry.url"},
    {"schema_registry.url", "schema.registry.url"},
    {"schema_registry_type", "schema.registry.type"},
    {"schema_registry.type", "schema.registry.type"},
    {"schema_registry_username", "schema.registry.username"},
    {"schema_registry.username", "schema.registry.username"},
    {"schema_registry.api_key", "schema.registry.username"},
    {"schema_registry_password", "schema.registry.password"},
    {"schema_registry.password", "schema.registry.password"},
    {"schema_registry.api_secret", "schema.registry.password"},
    {"basic.auth.user.info", "schema.registry.basic.auth.user.info"},
    {"basic.auth.credentials.source", "schema.registry.basic.auth.credentials.source"},
    {"bearer.auth.token", "schema.registry.bearer.auth.token"},
    {"bearer.auth.credentials.source", "schema.registry.bearer.auth.credentials.source"},
    {"schema_registry_ca_location", "schema.registry.ssl.ca.location"},
    {"schema_registry.ca_location", "schema.registry.ssl.ca.location"},

    {"fetch.max.wait.ms", "fetch.wait.max.ms"},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    {"send.buffer.bytes", "socket.send.buffer.bytes"},

    {"group_id", "group.id"},
    {"consumer_group", "group.id"},
    {"group_instance_id", "group.instance.id"},
    {"source_table", "topic"},
    {"topics", "topic"},
    {"topic_include_list_user_defined", "topic"},
    {"topic_pattern", "topic-pattern"},
    {"batch_size", "batch-size"},
    {"max.poll.records", "batch-size"},
    {"batch_timeout", "batch-timeout", Carry::seconds},
    {"batch_timeout_ms", "batch-timeout", Carry::milliseconds},
    {"timeout_ms", "batch-timeout", Carry::milliseconds},
    {"commit_interval", "commit-interval", Carry::seconds},
    {"commit.interval.ms", "commit-interval", Carry::milliseconds},
    {"run_in_loop", "once", Carry::opposite},
    {"key_format", "key-format"},
    {"serialization_method", "format"},
    {"include_metadata", "envelope", Carry::metadata},
    {"topic_prefix", "topic-prefix"},
    {"topic.prefix", "topic-prefix"},
    {"timestamp_format", "timestamp-format"},
    {"avro_schema", "avro-schema"},
    {"value_subject", "value-subject"},
    {"key_subject", "key-subject"},
    {"proto_message", "message"},
    {"schema_classpath", "message"},
    {"json_schema", "json-schema"},
    {"unwrap_schema", "unwrap-schema"},
    {"bad_data", "bad-data"},
    {"dlq_topic", "dlq-topic"},
    {"dlq_file", "dlq-file"},
    {"max_errors_per_batch", "max-errors-per-batch"},
    {"offset", "from", Carry::start},
    {"auto_offset_reset", "from", Carry::start},
    {"auto.offset.reset", "from", Carry::start},
};

/// Options of kconsume, by their long names.
constexpr std::string_view tool_settings[] = {"topic",
                                              "topic-pattern",
                                              "format",
                                              "from",
                                              "timestamp",
                                              "once",
                                              "batch-size",
                                              "batch-timeout",
                                              "commit-interval",
                                              "key-format",
                                              "envelope",
                                              "topic-prefix",
                                              "timestamp-format",
                                              "avro-schema",
                                              "value-subject",
                                              "key-subject",
                                              "proto",
                                              "message",
                                              "json-schema",
                                              "unwrap-schema",
                                              "bad-data",
                                              "dlq-topic",
                                              "dlq-file",
                                              "max-errors-per-batch"};

const Alias* find(std::string_view name) {
  const auto* const found = std::find_if(std::begin(aliases), std::end(aliases),
                                         [&](const Alias& alias) { return alias.name == name; });
  return found == std::end(aliases) ? nullptr : found;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string mapped(const Setting& setting, std::string_view if_true, std::string_view if_false) {
  const std::string word = lower(setting.value);
  if (word == "true") return std::string(if_true);
  if (word == "false") return std::string(if_false);
  throw Error(Exit::config, setting.origin + ": " + setting.name + ": expected true or false");
}

std::string carried(const Setting& setting, Carry carry) {
  std::string value = setting.value;
  switch (carry) {
    case Carry::as_it_is:
      break;
    case Carry::upper_case:
      if (value.starts_with("${")) break;
      std::transform(value.begin(), value.end(), value.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      break;
    case Carry::seconds:
      if (is_number(value)) value += "s";
      break;
    case Carry::milliseconds:
      if (is_number(value)) value += "ms";
      break;
    case Carry::opposite:
      return mapped(setting, "false", "true");
    case Carry::host_check:
      return mapped(setting, "https", "none");
    case Carry::metadata:
      return mapped(setting, "record", "value");
    case Carry::start:
      if (value == "beginning" || value == "smallest") value = "earliest";
      if (value == "end" || value == "largest") value = "latest";
      if (value == "error") value = "none";
      break;
  }
  return value;
}

}  // namespace

std::string canonical_name(std::string_view name) {
  const Alias* const alias = find(name);
  return std::string(alias == nullptr ? name : alias->canonical);
}

Setting canonical(Setting given) {
  const Alias* const alias = find(given.name);
  if (alias == nullptr) return given;
  given.value = carried(given, alias->carry);
  given.name = alias->canonical;
  return given;
}

std::vector<std::string> alias_names() {
  std::vector<std::string> names;
  for (const Alias& alias : aliases) {
    if (alias.name != alias.canonical) names.emplace_back(alias.name);
  }
  return names;
}

std::string canonical_login_name(std::string_view key) {
  if (key == "username") return "sasl.username";
  if (key == "password") return "sasl.password";
  return canonical_name(key);
}

Setting canonical_login(Setting given) {
  if (given.name != "username" && given.name != "password") return canonical(std::move(given));
  given.name = canonical_login_name(given.name);
  return given;
}

bool is_connection_name(std::string_view name) {
  return name.find('.') != std::string_view::npos || canonical_login_name(name) != name ||
         is_tool_setting(name);
}

std::vector<std::string> tool_setting_names() {
  return {std::begin(tool_settings), std::end(tool_settings)};
}

bool is_tool_setting(std::string_view name) {
  return std::find(std::begin(tool_settings), std::end(tool_settings), name) !=
         std::end(tool_settings);
}

}  // namespace kpipe
