// SPDX-License-Identifier: Apache-2.0
// ClientConfig of client.hpp.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "common/base/fd.hpp"
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

constexpr std::array<std::string_view, 6> secrets{
    "sasl.password", "ssl.key.password",        "ssl.keystore.password",
    "ssl.key.pem",   "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret"};

/// Everybody on the machine can read a command line: a secret comes from file:PATH or env:NAME.
std::string resolve_secret(const std::string& name, const std::string& value) {
  constexpr std::string_view file = "file:";
  constexpr std::string_view env = "env:";
  if (value.starts_with(file)) {
    std::string text = read_file(value.substr(file.size()));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
  }
  if (value.starts_with(env)) {
    const char* const text = std::getenv(value.c_str() + env.size());
    if (text == nullptr) {
      throw Error(Exit::config,
                  "-X: " + name + ": the environment has no " + value.substr(env.size()));
    }
    return text;
  }
  throw Error(Exit::usage, "-X: " + name +
                               ": a secret on the command line can be read by others. Give " +
                               name + "=file:PATH or " + name + "=env:NAME");
}

}  // namespace

ClientConfig::ClientConfig(const std::string& client_id, const ConnectionOptions& options)
    : conf_(rd_kafka_conf_new()), options_(options) {
  set("client.id", client_id);
  set("log.connection.close", "false");
  if (!options.bootstrap_servers.empty()) set("bootstrap.servers", options.bootstrap_servers);
  bool has_bootstrap = !options.bootstrap_servers.empty();
  for (const std::string& property : options.properties) {
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Exit::usage,
                  "-X: '" + property + "': expected NAME=VALUE, such as -X fetch.min.bytes=65536");
    }
    const std::string name = property.substr(0, equals);
    const auto found = std::find_if(refused.begin(), refused.end(),
                                    [&](const Refusal& r) { return r.name == name; });
    if (found != refused.end()) {
      throw Error(Exit::config, "-X: " + name + ": refused: " + std::string(found->reason));
    }
    has_bootstrap = has_bootstrap || name == "bootstrap.servers" || name == "metadata.broker.list";
    const std::string value = property.substr(equals + 1);
    const bool secret = std::find(secrets.begin(), secrets.end(), name) != secrets.end();
    set(name, secret ? resolve_secret(name, value) : value);
    user_values_[name] = value;
  }
  if (!has_bootstrap) {
    throw Error(
        Exit::usage,
        "-b: no brokers given. Name them: -b HOST:PORT[,HOST:PORT] or KPIPE_BOOTSTRAP_SERVERS");
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
    throw Error(Exit::config, "-X: " + name + ": " + reason);
  }
}

}  // namespace kpipe
