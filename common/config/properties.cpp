// SPDX-License-Identifier: Apache-2.0
#include "common/config/properties.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace kpipe {
namespace {

struct Alias {
  std::string_view name;
  std::string_view property;
};

constexpr std::array<Alias, 34> aliases{{
    {"brokers", "bootstrap.servers"},
    {"bootstrap_servers", "bootstrap.servers"},
    {"bootstrap_server", "bootstrap.servers"},
    {"metadata.broker.list", "bootstrap.servers"},
    {"group_id", "group.id"},
    {"consumer_group", "group.id"},
    {"security_protocol", "security.protocol"},
    {"auth.protocol", "security.protocol"},
    {"sasl.mechanisms", "sasl.mechanism"},
    {"sasl_mechanisms", "sasl.mechanism"},
    {"sasl_mechanism", "sasl.mechanism"},
    {"mechanism", "sasl.mechanism"},
    {"auth.mechanism", "sasl.mechanism"},
    {"sasl_username", "sasl.username"},
    {"auth.username", "sasl.username"},
    {"sasl_password", "sasl.password"},
    {"auth.password", "sasl.password"},
    {"ssl_ca_location", "ssl.ca.location"},
    {"cafile", "ssl.ca.location"},
    {"ca_file", "ssl.ca.location"},
    {"ssl_certificate_location", "ssl.certificate.location"},
    {"certfile", "ssl.certificate.location"},
    {"cert_file", "ssl.certificate.location"},
    {"ssl_key_location", "ssl.key.location"},
    {"keyfile", "ssl.key.location"},
    {"key_file", "ssl.key.location"},
    {"ssl_key_password", "ssl.key.password"},
    // Java's, where librdkafka has another name for the same: PEM in the value (KIP-651), sockets.
    {"ssl.truststore.certificates", "ssl.ca.pem"},
    {"ssl.keystore.certificate.chain", "ssl.certificate.pem"},
    {"ssl.keystore.key", "ssl.key.pem"},
    {"fetch.max.wait.ms", "fetch.wait.max.ms"},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    {"send.buffer.bytes", "socket.send.buffer.bytes"},
    {"sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"},
}};

constexpr std::array<std::string_view, 15> own{
    // librdkafka reads no Java stores, and does not say what is wrong with a PKCS#12 file.
    "ssl.truststore.location", "ssl.truststore.type", "ssl.truststore.password",
    "ssl.keystore.location", "ssl.keystore.type", "ssl.keystore.password",
    // Tokens are fetched here, so that they are there in time and an outage is survived.
    "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret", "sasl.oauthbearer.scope", "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.audience", "sasl.oauthbearer.token.file", "sasl.oauthbearer.token.command",
    "sasl.login.refresh.buffer.seconds"};

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

std::string property_name(std::string_view name) {
  const auto found = std::find_if(aliases.begin(), aliases.end(),
                                  [&](const Alias& alias) { return alias.name == name; });
  return std::string(found == aliases.end() ? name : found->property);
}

std::vector<std::string> property_aliases() {
  std::vector<std::string> names;
  for (const Alias& alias : aliases) names.emplace_back(alias.name);
  return names;
}

std::string secret_property_name(std::string_view key) {
  if (key == "username") return "sasl.username";
  if (key == "password") return "sasl.password";
  return property_name(key);
}

bool is_secret_property(std::string_view name) {
  return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
}

bool is_own_property(std::string_view name) {
  return std::find(own.begin(), own.end(), name) != own.end();
}

std::vector<std::string> own_properties() {
  return {own.begin(), own.end()};
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
