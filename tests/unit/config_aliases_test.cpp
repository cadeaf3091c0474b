// SPDX-License-Identifier: Apache-2.0
#include "common/config/aliases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

/// Each name that the documents of other tools have for a thing. Kept apart from the table that it
/// tests, on purpose.
const std::vector<std::pair<std::string, std::string>> names{
    {"bootstrap.servers", "brokers bootstrap_servers bootstrap_server metadata.broker.list"},
    {"client.id", "client_id"},
    {"broker.version.fallback", "api_version"},
    {"max.partition.fetch.bytes", "max_partition_fetch_bytes"},
    {"group.id", "group_id consumer_group"},
    {"group.instance.id", "group_instance_id"},
    {"topic", "source_table topics topic_include_list_user_defined"},
    {"topic-pattern", "topic_pattern"},
    {"batch-size", "batch_size max.poll.records"},
    {"batch-timeout", "batch_timeout batch_timeout_ms timeout_ms"},
    {"commit-interval", "commit_interval commit.interval.ms"},
    {"once", "run_in_loop"},
    {"from", "offset auto_offset_reset auto.offset.reset"},
    {"format", "serialization_method"},
    {"key-format", "key_format"},
    {"envelope", "include_metadata"},
    {"topic-prefix", "topic_prefix topic.prefix"},
    {"timestamp-format", "timestamp_format"},
    {"avro-schema", "avro_schema"},
    {"value-subject", "value_subject"},
    {"key-subject", "key_subject"},
    {"message", "proto_message schema_classpath"},
    {"json-schema", "json_schema"},
    {"unwrap-schema", "unwrap_schema"},
    {"bad-data", "bad_data"},
    {"dlq-topic", "dlq_topic"},
    {"dlq-file", "dlq_file"},
    {"max-errors-per-batch", "max_errors_per_batch"},
    {"security.protocol", "security_protocol auth.protocol"},
    {"auth.type", "auth_type"},
    {"sasl.mechanism",
     "sasl.mechanisms sasl_mechanisms sasl_mechanism mechanism auth.mechanism "
     "sasl_config.mechanism"},
    {"sasl.username", "sasl_username auth.username sasl_config.username"},
    {"sasl.password", "sasl_password auth.password sasl_config.password"},
    {"allow.cleartext.login", "allow_cleartext"},
    {"aws.region", "auth.region aws_region"},
    {"aws.profile", "aws_profile"},
    {"sasl.oauthbearer.token.endpoint.url", "oauth_token_url sasl_config.oauth_token_url"},
    {"sasl.oauthbearer.client.id",
     "oauth_client_id sasl_config.oauth_client_id "
     "sasl.oauthbearer.client.credentials.client.id"},
    {"sasl.oauthbearer.client.secret",
     "oauth_client_secret sasl_config.oauth_client_secret "
     "sasl.oauthbearer.client.credentials.client.secret"},
    {"sasl.oauthbearer.scope", "oauth_scope sasl_config.oauth_scope"},
    {"sasl.oauthbearer.audience", "oauth_audience"},
    {"sasl.oauthbearer.extensions", "oauth_extensions"},
    {"ssl.ca.location", "ssl_ca_location cafile ca_file ssl_config.cafile"},
    {"ssl.certificate.location", "ssl_certificate_location certfile cert_file ssl_config.certfile"},
    {"ssl.key.location", "ssl_key_location keyfile key_file ssl_config.keyfile"},
    {"ssl.key.password", "ssl_key_password key_password ssl_config.password"},
    {"ssl.ca.pem", "ssl_ca_pem ssl.truststore.certificates"},
    {"ssl.certificate.pem", "ssl_cert_pem ssl_certificate_pem ssl.keystore.certificate.chain"},
    {"ssl.key.pem", "ssl_key_pem ssl.keystore.key"},
    {"ssl.truststore.location", "ssl_truststore_location trust_store_file"},
    {"ssl.truststore.password", "ssl_truststore_password trust_store_password"},
    {"ssl.truststore.type", "ssl_truststore_type trust_store_type"},
    {"ssl.keystore.location", "ssl_keystore_location key_store_file"},
    {"ssl.keystore.password", "ssl_keystore_password key_store_password"},
    {"ssl.keystore.type", "ssl_keystore_type key_store_type"},
    {"ssl.endpoint.identification.algorithm",
     "check_hostname ssl_check_hostname ssl_config.check_hostname"},
    {"schema.registry.url", "schema_registry_url schema_registry.endpoint schema_registry.url"},
    {"schema.registry.type", "schema_registry_type schema_registry.type"},
    {"schema.registry.username",
     "schema_registry_username schema_registry.username schema_registry.api_key"},
    {"schema.registry.password",
     "schema_registry_password schema_registry.password schema_registry.api_secret"},
    {"schema.registry.basic.auth.user.info", "basic.auth.user.info"},
    {"schema.registry.basic.auth.credentials.source", "basic.auth.credentials.source"},
    {"schema.registry.bearer.auth.token", "bearer.auth.token"},
    {"schema.registry.bearer.auth.credentials.source", "bearer.auth.credentials.source"},
    {"schema.registry.ssl.ca.location", "schema_registry_ca_location schema_registry.ca_location"},
    {"fetch.wait.max.ms", "fetch.max.wait.ms"},
    {"socket.receive.buffer.bytes", "receive.buffer.bytes"},
    {"socket.send.buffer.bytes", "send.buffer.bytes"}};

TEST(ConfigAliases, EachNamesItsThing) {
  std::set<std::string> tested;
  for (const auto& [canonical_word, aliases] : names) {
    EXPECT_EQ(canonical_name(canonical_word), canonical_word);
    std::istringstream words(aliases);
    for (std::string alias; words >> alias; tested.insert(alias))
      EXPECT_EQ(canonical_name(alias), canonical_word) << alias;
  }
  const std::vector<std::string> known = alias_names();
  EXPECT_EQ(std::set<std::string>(known.begin(), known.end()), tested);
  EXPECT_EQ(known.size(), tested.size()) << "one stands in the table twice";
}

TEST(ConfigAliases, TheLoginNeedsNoPrefixWhereNothingElseHasOne) {
  EXPECT_EQ(canonical_login_name("username"), "sasl.username");
  EXPECT_EQ(canonical_login_name("password"), "sasl.password");
  EXPECT_EQ(canonical_login_name("cafile"), "ssl.ca.location");
  EXPECT_EQ(canonical_name("password"), "password");
  EXPECT_EQ(canonical_login({"mechanism", "plain", "f:1"}).value, "PLAIN");
}

std::string value_of(const std::string& name, const std::string& value) {
  return canonical({name, value, "f:1"}).value;
}

TEST(ConfigAliases, ValuesKeepTheirUnits) {
  EXPECT_EQ(value_of("batch_timeout", "3"), "3s");
  EXPECT_EQ(value_of("batch_timeout", "250ms"), "250ms");
  EXPECT_EQ(value_of("batch_timeout_ms", "1500"), "1500ms");
  EXPECT_EQ(value_of("timeout_ms", "500"), "500ms");
  EXPECT_EQ(value_of("commit.interval.ms", "5000"), "5000ms");
  EXPECT_EQ(value_of("batch-timeout", "3"), "3");  // the option itself wants a unit
}

TEST(ConfigAliases, ValuesBecomeTheWordsOfTheCanonicalName) {
  EXPECT_EQ(value_of("run_in_loop", "true"), "false");
  EXPECT_EQ(value_of("run_in_loop", "False"), "true");
  EXPECT_EQ(value_of("include_metadata", "true"), "record");
  EXPECT_EQ(value_of("include_metadata", "false"), "value");
  EXPECT_EQ(value_of("check_hostname", "true"), "https");
  EXPECT_EQ(value_of("ssl_config.check_hostname", "false"), "none");
  EXPECT_EQ(value_of("security_protocol", "sasl_ssl"), "SASL_SSL");
  EXPECT_EQ(value_of("security.protocol", "ssl"), "SSL");
  EXPECT_EQ(value_of("sasl.mechanism", "${env:Mechanism}"), "${env:Mechanism}");
  EXPECT_EQ(value_of("auto_offset_reset", "beginning"), "earliest");
  EXPECT_EQ(value_of("auto.offset.reset", "largest"), "latest");
  EXPECT_EQ(value_of("offset", "error"), "none");
  EXPECT_EQ(unit::expect_error(Exit::config, [] { value_of("run_in_loop", "maybe"); }),
            "f:1: run_in_loop: expected true or false");
}

TEST(ConfigAliases, OptionsOfKconsumeAreToldFromProperties) {
  for (const char* const name : {"topic", "batch-size", "from", "once"})
    EXPECT_TRUE(is_tool_setting(name)) << name;
  for (const char* const name : {"group.id", "bootstrap.servers", "batch_size"})
    EXPECT_FALSE(is_tool_setting(name)) << name;
}

}  // namespace
}  // namespace kpipe
