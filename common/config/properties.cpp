// SPDX-License-Identifier: Apache-2.0
#include "common/config/properties.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace kpipe {
namespace {

struct OwnProperty {
  std::string_view name;
  std::string_view help;
};

constexpr OwnProperty own[] = {
    // librdkafka reads no Java stores, and does not say what is wrong with a file.
    {"ssl.ca.location", "PEM file or folder of authorities to trust; by default the system's"},
    {"ssl.ca.pem", "the same as text"},
    {"ssl.certificate.location", "PEM file with our certificate and those that lead to it"},
    {"ssl.certificate.pem", "the same as text"},
    {"ssl.key.location", "PEM file with its key"},
    {"ssl.key.pem", "the same as text"},
    {"ssl.key.password", "the password of the key"},
    {"ssl.endpoint.identification.algorithm", "https (default), or none: any name will do"},
    {"ssl.truststore.location", "file of authorities to trust: JKS, PKCS#12 or PEM"},
    {"ssl.truststore.type", "JKS, PKCS12 or PEM; by default as the file begins"},
    {"ssl.truststore.password", "its password"},
    {"ssl.keystore.location", "file with our certificate and its key: JKS, PKCS#12 or PEM"},
    {"ssl.keystore.type", "JKS, PKCS12 or PEM; by default as the file begins"},
    {"ssl.keystore.password", "its password"},
    // Tokens are fetched here, so that they are there in time and an outage is survived.
    {"sasl.oauthbearer.token.endpoint.url", "where tokens are fetched (client credentials)"},
    {"sasl.oauthbearer.client.id", "who fetches them"},
    {"sasl.oauthbearer.client.secret", "the password for it"},
    {"sasl.oauthbearer.scope", "scope to ask for"},
    {"sasl.oauthbearer.audience", "audience to ask for"},
    {"sasl.oauthbearer.extensions", "NAME=VALUE,... that the broker wants beside the token"},
    {"sasl.oauthbearer.token.file", "file that holds the token, read again when it expires"},
    {"sasl.oauthbearer.token.command", "command that prints the token"},
    {"sasl.oauthbearer.token.lifetime.seconds", "life of a token that does not say it (300)"},
    {"sasl.login.refresh.buffer.seconds", "how long before its end a token is replaced (60)"},
    {"aws.region", "region for AWS_MSK_IAM and AWS Glue; by default as the brokers' names say"},
    {"aws.profile", "profile of ~/.aws for AWS_MSK_IAM and AWS Glue"},
    // Schema registries; names of Confluent's clients where they have one.
    {"schema.registry.url", "address of the schema registry, or several of one: URL,..."},
    {"schema.registry.type", "confluent (its API; default) or glue (AWS Glue)"},
    {"schema.registry.auth", "user:password, or a token, which has no colon"},
    {"schema.registry.username", "who logs in to the registry (HTTP basic)"},
    {"schema.registry.password", "the password for it"},
    {"schema.registry.basic.auth.user.info", "both as user:password"},
    {"schema.registry.basic.auth.credentials.source",
     "USER_INFO (default), or SASL_INHERIT: sasl.username and sasl.password"},
    {"schema.registry.bearer.auth.token", "token for the registry"},
    {"schema.registry.bearer.auth.credentials.source", "STATIC_TOKEN"},
    {"schema.registry.ssl.ca.location",
     "PEM file or folder of authorities to trust for the registry; by default the system's"},
    {"schema.registry.ssl.ca.pem", "the same as text"},
    {"schema.registry.ssl.certificate.location", "PEM file with our certificate for it"},
    {"schema.registry.ssl.certificate.pem", "the same as text"},
    {"schema.registry.ssl.key.location", "PEM file with its key"},
    {"schema.registry.ssl.key.pem", "the same as text"},
    {"schema.registry.ssl.key.password", "the password of the key"},
    {"schema.registry.ssl.truststore.location", "file of authorities: JKS, PKCS#12 or PEM"},
    {"schema.registry.ssl.truststore.type", "JKS, PKCS12 or PEM; by default as the file begins"},
    {"schema.registry.ssl.truststore.password", "its password"},
    {"schema.registry.ssl.keystore.location", "our certificate and key: JKS, PKCS#12 or PEM"},
    {"schema.registry.ssl.keystore.type", "JKS, PKCS12 or PEM; by default as the file begins"},
    {"schema.registry.ssl.keystore.password", "its password"},
    {"aws.glue.registry.name", "registry of AWS Glue for --value-subject; default-registry"},
    {"aws.glue.endpoint", "address in place of AWS Glue's in the region"},
    {"allow.cleartext.login", "true: no warning of a login that the network can read"},
    {"auth.type", "none, sasl, aws_msk_iam or ssl, in place of protocol and mechanism"}};

constexpr std::array<std::string_view, 18> secrets{
    "sasl.password",
    "sasl.jaas.config",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.truststore.password",
    "ssl.key.pem",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "schema.registry.auth",
    "schema.registry.password",
    "schema.registry.basic.auth.user.info",
    "schema.registry.bearer.auth.token",
    "schema.registry.ssl.key.pem",
    "schema.registry.ssl.key.password",
    "schema.registry.ssl.truststore.password",
    "schema.registry.ssl.keystore.password"};

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

bool is_secret_property(std::string_view name) {
  return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
}

bool is_path(const Setting& setting) {
  const std::string_view value = setting.value;
  return (setting.name.ends_with(".location") || setting.name == "sasl.kerberos.keytab" ||
          setting.name == "sasl.oauthbearer.token.file") &&
         !value.empty() && value != "probe" && !value.starts_with("-----BEGIN") &&
         !value.starts_with("FILE:");
}

bool is_own_property(std::string_view name) {
  return !own_property_help(name).empty();
}

bool is_registry_property(std::string_view name) {
  return name.starts_with("schema.registry.") || name.starts_with("aws.glue.");
}

std::vector<std::string> own_properties() {
  std::vector<std::string> names;
  for (const OwnProperty& property : own) names.emplace_back(property.name);
  return names;
}

std::string own_property_help(std::string_view name) {
  const auto* const found = std::find_if(std::begin(own), std::end(own),
                                         [&](const OwnProperty& one) { return one.name == name; });
  return found == std::end(own) ? std::string() : std::string(found->help);
}

std::vector<Setting> strongest(const std::vector<Setting>& settings) {
  std::vector<Setting> chosen;
  for (const Setting& setting : settings) {
    if (std::none_of(chosen.begin(), chosen.end(),
                     [&](const Setting& other) { return other.name == setting.name; }))
      chosen.push_back(setting);
  }
  return chosen;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  std::string nearest;
  std::size_t best = std::max<std::size_t>(name.size() / 3, 2) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t steps = distance(name, candidate);
    if (steps < best) {
      best = steps;
      nearest = candidate;
    }
  }
  return nearest.empty() ? nearest : ". Did you mean " + nearest + "?";
}

}  // namespace kpipe
