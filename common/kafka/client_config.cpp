// SPDX-License-Identifier: Apache-2.0
// ClientConfig of client.hpp.
#include <algorithm>
#include <array>
#include <string_view>

#include "common/config/aliases.hpp"
#include "common/config/properties.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/kerberos_settings.hpp"
#include "common/kafka/property_list.hpp"
#include "common/kafka/registry_settings.hpp"
#include "common/kafka/tls_settings.hpp"

namespace kpipe {
namespace {

struct Refusal {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view commit_reason =
    "kpipe commits what the sink has acknowledged, never what was merely read. See --commit";
constexpr std::array<Refusal, 6> refused{{
    {"enable.auto.commit", commit_reason},
    {"auto.commit.enable", commit_reason},
    {"auto.commit.interval.ms", "use --commit-interval"},
    {"enable.auto.offset.store", commit_reason},
    {"enable.partition.eof", "kpipe needs it to see the end of a partition"},
    {"group.instance.id", "use --instance-id"},
}};

std::vector<std::string> known_names() {
  std::vector<std::string> names = property_names();
  for (const std::string& alias : alias_names()) names.push_back(alias);
  return names;
}

Error no_such_property(const Setting& setting) {
  return Error(Exit::config, setting.origin + ": " + setting.name +
                                 ": No such configuration property" +
                                 did_you_mean(setting.name, known_names()));
}

}  // namespace

ClientConfig::ClientConfig(const ConnectionOptions& options)
    : conf_(rd_kafka_conf_new()), options_(options) {}

ClientConfig::ClientConfig(const std::string& client_id, const ConnectionOptions& options)
    : ClientConfig(options) {
  set("client.id", client_id);
  for (const Setting& setting : connection_settings(options)) apply(setting);
  options_.bootstrap_servers = user_value("bootstrap.servers");
  if (options_.bootstrap_servers.empty()) {
    throw Error(Exit::usage,
                "-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT], "
                "KPIPE_BOOTSTRAP_SERVERS, --uri or --profile NAME");
  }
  apply_login(*this);
  apply_tls(*this);
  apply_kerberos(*this);
  // That a broker hangs up may be all that it says. These lines go to our own log only.
  set("log.connection.close", "true");
}

void ClientConfig::check(const ConnectionOptions& options) {
  ClientConfig config(options);
  const std::vector<std::string> known = property_names();
  const std::vector<Setting> settings = connection_settings(options);
  check_registry_settings(settings);
  for (const Setting& setting : settings) {
    if (!parse_reference(setting)) {
      config.apply(setting);
    } else if (!is_tool_setting(setting.name) &&
               std::find(known.begin(), known.end(), setting.name) == known.end()) {
      throw no_such_property(setting);
    }
  }
}

void ClientConfig::apply(const Setting& setting) {
  if (is_tool_setting(setting.name)) return;
  const std::string where = setting.origin + ": " + setting.name + ": ";
  if (setting.name == "group.id") {
    if (setting.origin == "-X") throw Error(Exit::config, where + "refused: use -g");
    return;
  }
  const auto found = std::find_if(refused.begin(), refused.end(),
                                  [&](const Refusal& r) { return r.name == setting.name; });
  // To say what is so anyway does no harm.
  if (found != refused.end() && found->reason == commit_reason && setting.value == "false") return;
  if (found != refused.end())
    throw Error(Exit::config, where + "refused: " + std::string(found->reason));
  if (is_registry_property(setting.name) && is_own_property(setting.name)) return;
  const Secret value = resolve(setting, options_.secrets);
  said_.add(setting.name, value, setting.origin);
  if (is_own_property(setting.name)) return;
  char reason[512];
  const rd_kafka_conf_res_t result = rd_kafka_conf_set(
      conf_.get(), setting.name.c_str(), value.reveal().c_str(), reason, sizeof reason);
  if (result == RD_KAFKA_CONF_UNKNOWN) throw no_such_property(setting);
  if (result != RD_KAFKA_CONF_OK && setting.name == "security.protocol") {
    throw Error(
        setting.typed ? Exit::usage : Exit::config,
        where + "'" + setting.value + "': expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
  }
  if (result != RD_KAFKA_CONF_OK) {
    // The library repeats the value in its message.
    const bool hidden = masked(setting) != setting.value;
    throw Error(Exit::config,
                where + (hidden ? "librdkafka does not take this value" : std::string(reason)));
  }
}

std::string ClientConfig::property(const std::string& name) const {
  return property_of(conf_.get(), name);
}

void ClientConfig::set(const std::string& name, const std::string& value, bool overridable) {
  if (overridable && said_.contains(name)) return;
  char reason[512];
  if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), reason, sizeof reason) !=
      RD_KAFKA_CONF_OK) {
    throw Error(Exit::config, name + ": " + reason);
  }
}

}  // namespace kpipe
