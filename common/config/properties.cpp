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
    {"aws.region", "region of the brokers for AWS_MSK_IAM; by default as their names say"},
    {"aws.profile", "profile of ~/.aws for AWS_MSK_IAM"},
    {"allow.cleartext.login", "true: no warning of a login that the network can read"},
    {"auth.type", "none, sasl, aws_msk_iam or ssl, in place of protocol and mechanism"}};

constexpr std::array<std::string_view, 10> secrets{
    "sasl.password",
    "sasl.jaas.config",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.truststore.password",
    "ssl.key.pem",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase"};

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
