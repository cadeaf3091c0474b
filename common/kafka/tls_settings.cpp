// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/tls_settings.hpp"

#include <optional>

#include "common/base/ascii.hpp"
#include "common/kafka/tls_material.hpp"

namespace kpipe {
namespace {

bool uses_tls(const ClientConfig& config) {
  const std::string protocol = config.property("security.protocol");
  return protocol == "ssl" || protocol == "sasl_ssl";
}

void apply_verification(ClientConfig& config) {
  const auto where = [&](const std::string& name) {
    return config.user_origin(name) + ": " + name;
  };
  const std::string name = "ssl.endpoint.identification.algorithm";
  if (!config.user_origin(name).empty()) {
    const std::string value = lower(config.user_value(name));
    if (value != "https" && value != "none" && !value.empty())
      throw Error(Exit::config, where(name) + ": expected https or none");
    // Java turns it off by an empty value.
    config.set(name, value.empty() ? "none" : value);
  }
  const std::string verification = "enable.ssl.certificate.verification";
  if (config.property(verification) == "false") {
    say_once(log::Level::warning,
             where(verification) +
                 "=false: NOBODY CHECKS WHO THE BROKERS ARE. Whoever is on the way can read and "
                 "change everything, and has the password. Give ssl.ca.location=FILE instead");
  } else if (config.property(name) == "none") {
    say_once(log::Level::warning,
             where(name) +
                 "=none: BROKERS ARE NOT HELD TO THEIR NAMES. Whoever has any certificate of a "
                 "trusted authority can read and change everything, and has the password. Use a "
                 "name of the brokers' certificates in -b instead");
  }
}

void apply_material(ClientConfig& config) {
  const TlsMaterial material(config.said());
  // The file may also hold revocation lists, which only librdkafka takes from it.
  const std::string place = material.trusted_place();
  if (!place.empty()) config.set("ssl.ca.location", place);
  const std::string trusted = material.trusted();
  if (!trusted.empty()) config.set("ssl.ca.pem", trusted);
  const std::optional<TlsIdentity> identity = material.identity();
  if (!identity) return;
  config.set("ssl.certificate.pem", identity->chain_pem);
  // Not set(): it would leave copies of the key behind.
  rd_kafka_conf_set(config.get(), "ssl.key.pem", identity->key_pem.reveal().c_str(), nullptr, 0);
}

}  // namespace

void apply_tls(ClientConfig& config) {
  if (!uses_tls(config)) return;
  apply_verification(config);
  apply_material(config);
}

}  // namespace kpipe
