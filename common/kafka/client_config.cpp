// SPDX-License-Identifier: Apache-2.0
// ClientConfig of client.hpp.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "common/kafka/client.hpp"

namespace kpipe {
namespace {

struct Refusal {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view commit_reason =
    "kpipe commits what the sink has acknowledged, never what was merely read. See --commit";
constexpr std::array<Refusal, 8> refused{{
    {"enable.auto.commit", commit_reason},
    {"auto.commit.enable", commit_reason},
    {"auto.commit.interval.ms", "use --commit-interval"},
    {"enable.auto.offset.store", commit_reason},
    {"auto.offset.reset",
     "kpipe never jumps silently: --from says where to start without a stored offset"},
    {"enable.partition.eof", "kpipe needs it to see the end of a partition"},
    {"group.id", "use -g"},
    {"group.instance.id", "use --instance-id"},
}};

/// librdkafka lists its properties only as a table for people.
std::vector<std::string> property_names() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const table = ::open_memstream(&text, &size);
  if (table == nullptr) return {};
  rd_kafka_conf_properties_show(table);
  std::fclose(table);
  std::vector<std::string> names = own_properties();
  std::istringstream lines(std::string(text, size));
  std::free(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.find_first_of(" |");
    if (end != std::string::npos && line.find('|') != std::string::npos && end > 0)
      names.push_back(line.substr(0, end));
  }
  return names;
}

Error no_such_property(const Setting& setting) {
  return Error(Exit::config, setting.origin + ": " + setting.name +
                                 ": No such configuration property" +
                                 did_you_mean(setting.name, property_names()));
}

}  // namespace

std::vector<Setting> connection_settings(const ConnectionOptions& options) {
  std::vector<Setting> settings;
  if (!options.bootstrap_servers.empty())
    settings.push_back({"bootstrap.servers", options.bootstrap_servers, "-b"});
  // Of two -X the later wins.
  for (auto property = options.properties.rbegin(); property != options.properties.rend();
       ++property) {
    const std::size_t equals = property->find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Exit::usage,
                  "-X: '" + *property + "': expected NAME=VALUE, such as -X fetch.min.bytes=65536");
    }
    settings.push_back({property_name(property->substr(0, equals)), property->substr(equals + 1),
                        std::string(typed_origin)});
  }
  settings.insert(settings.end(), options.configured.begin(), options.configured.end());
  settings = strongest(settings);
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

ClientConfig::ClientConfig(const ConnectionOptions& options)
    : conf_(rd_kafka_conf_new()), options_(options) {}

ClientConfig::ClientConfig(const std::string& client_id, const ConnectionOptions& options)
    : ClientConfig(options) {
  set("client.id", client_id);
  set("log.connection.close", "false");
  for (const Setting& setting : connection_settings(options)) apply(setting);
  options_.bootstrap_servers = user_value("bootstrap.servers");
  if (options_.bootstrap_servers.empty()) {
    throw Error(Exit::usage,
                "-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT], "
                "KPIPE_BOOTSTRAP_SERVERS or --profile NAME");
  }
}

void ClientConfig::check(const ConnectionOptions& options) {
  ClientConfig config(options);
  const std::vector<std::string> known = property_names();
  for (const Setting& setting : connection_settings(options)) {
    if (!parse_reference(setting)) {
      config.apply(setting);
    } else if (std::find(known.begin(), known.end(), setting.name) == known.end()) {
      throw no_such_property(setting);
    }
  }
}

void ClientConfig::apply(const Setting& setting) {
  const std::string where = setting.origin + ": " + setting.name + ": ";
  const auto found = std::find_if(refused.begin(), refused.end(),
                                  [&](const Refusal& r) { return r.name == setting.name; });
  if (found != refused.end())
    throw Error(Exit::config, where + "refused: " + std::string(found->reason));
  const std::string value = resolve(setting, options_.secrets);
  user_values_[setting.name] = value;
  if (is_own_property(setting.name)) return;
  char reason[512];
  const rd_kafka_conf_res_t result =
      rd_kafka_conf_set(conf_.get(), setting.name.c_str(), value.c_str(), reason, sizeof reason);
  if (result == RD_KAFKA_CONF_UNKNOWN) throw no_such_property(setting);
  if (result != RD_KAFKA_CONF_OK) {
    // The library repeats the value in its message.
    const bool hidden = masked(setting) != setting.value;
    throw Error(Exit::config,
                where + (hidden ? "librdkafka does not take this value" : std::string(reason)));
  }
}

std::string ClientConfig::user_value(const std::string& name) const {
  const auto found = user_values_.find(name);
  return found == user_values_.end() ? std::string() : found->second;
}

std::string ClientConfig::property(const std::string& name) const {
  return property_of(conf_.get(), name);
}

void ClientConfig::set(const std::string& name, const std::string& value, bool overridable) {
  if (overridable && user_values_.contains(name)) return;
  char reason[512];
  if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), reason, sizeof reason) !=
      RD_KAFKA_CONF_OK) {
    throw Error(Exit::config, name + ": " + reason);
  }
}

}  // namespace kpipe
