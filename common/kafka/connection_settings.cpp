// SPDX-License-Identifier: Apache-2.0
// connection_settings() of client.hpp.
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "common/config/aliases.hpp"
#include "common/config/properties.hpp"
#include "common/config/reference.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {
namespace {

/// Of two -X of one name the later wins; two names of one thing contradict each other.
void add_properties(const std::vector<std::string>& properties, std::vector<Setting>& settings) {
  struct Typed {
    std::string spelling;
    Setting setting;
  };
  std::vector<Typed> typed;
  for (const std::string& property : properties) {
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Exit::usage,
                  "-X: '" + property + "': expected NAME=VALUE, such as -X fetch.min.bytes=65536");
    }
    const std::string spelling = property.substr(0, equals);
    Typed one{spelling, canonical({spelling, property.substr(equals + 1), "-X", true})};
    for (const Typed& other : typed) {
      if (other.setting.name == one.setting.name && other.spelling != spelling &&
          other.setting.value != one.setting.value) {
        throw Error(Exit::usage, "-X: " + other.spelling + " and " + spelling +
                                     " are one thing and have two values. Give one of them");
      }
    }
    typed.push_back(std::move(one));
  }
  std::transform(typed.rbegin(), typed.rend(), std::back_inserter(settings),
                 [](Typed& one) { return std::move(one.setting); });
}

Setting* find(std::vector<Setting>& settings, std::string_view name) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& one) { return one.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

/// "auth.type" says in one word what others say by protocol and mechanism.
void settle_auth_type(std::vector<Setting>& settings) {
  const Setting* const type = find(settings, "auth.type");
  if (type == nullptr) return;
  const Setting said = *type;
  std::erase_if(settings, [](const Setting& one) { return one.name == "auth.type"; });
  const auto is_sasl = [](const Setting& protocol) { return protocol.value.starts_with("SASL_"); };
  const Setting* const protocol = find(settings, "security.protocol");
  const auto imply = [&](const std::string& name, const std::string& value) {
    if (find(settings, name) == nullptr)
      settings.push_back({name, value, said.origin + ", auth.type=" + said.value});
  };
  const auto contradicted = [&](const Setting& by) {
    return Error(Exit::config, said.origin + ": auth.type: " + said.value + " does not go with " +
                                   by.name + "=" + by.value + " (" + by.origin + ")");
  };
  if (said.value == "none") {
    if (protocol != nullptr && is_sasl(*protocol)) throw contradicted(*protocol);
  } else if (said.value == "ssl") {
    if (protocol != nullptr && protocol->value != "SSL") throw contradicted(*protocol);
    imply("security.protocol", "SSL");
  } else if (said.value == "sasl" || said.value == "aws_msk_iam") {
    if (protocol != nullptr && !is_sasl(*protocol)) throw contradicted(*protocol);
    imply("security.protocol", "SASL_SSL");
    if (said.value == "aws_msk_iam") imply("sasl.mechanism", "AWS_MSK_IAM");
  } else {
    throw Error(Exit::config, said.origin + ": auth.type: '" + said.value +
                                  "': expected none, sasl, aws_msk_iam or ssl");
  }
}

/// The login of Amazon MSK is there with TLS only.
void settle_msk_iam(std::vector<Setting>& settings) {
  const Setting* const mechanism = find(settings, "sasl.mechanism");
  if (mechanism == nullptr || mechanism->value != "AWS_MSK_IAM" ||
      find(settings, "security.protocol") != nullptr)
    return;
  settings.push_back({"security.protocol", "SASL_SSL", mechanism->origin + ", AWS_MSK_IAM"});
}

/// The option wins over any other kind of login that is said elsewhere.
void settle_registry_login(std::vector<Setting>& settings) {
  if (find(settings, "schema.registry.auth") == nullptr) return;
  constexpr std::array<std::string_view, 5> others{
      "schema.registry.username", "schema.registry.password",
      "schema.registry.basic.auth.user.info", "schema.registry.bearer.auth.token",
      "schema.registry.basic.auth.credentials.source"};
  std::erase_if(settings, [&](const Setting& one) {
    return !one.typed && std::find(others.begin(), others.end(), one.name) != others.end();
  });
}

std::string with_port(const std::string& broker, const std::string& port) {
  const std::size_t colon = broker.rfind(':');
  const bool bracketed = broker.ends_with(']');
  const bool bare_v6 = !broker.starts_with('[') && colon != broker.find(':');
  if (broker.empty() || bare_v6 || (colon != std::string::npos && !bracketed)) return broker;
  return broker + ":" + port;
}

/// librdkafka takes 9092 for every protocol; with TLS the usual port is 9093.
void add_ports(std::vector<Setting>& settings) {
  Setting* const brokers = find(settings, "bootstrap.servers");
  if (brokers == nullptr || parse_reference(*brokers)) return;
  const Setting* const protocol = find(settings, "security.protocol");
  const bool tls = protocol != nullptr && protocol->value.ends_with("SSL");
  std::string all;
  std::string_view rest = brokers->value;
  while (true) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string one(rest.substr(0, comma));
    std::erase_if(one, [](char c) { return c == ' ' || c == '\t'; });
    if (!one.empty()) all += (all.empty() ? "" : ",") + with_port(one, tls ? "9093" : "9092");
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  brokers->value = all;
}

}  // namespace

std::vector<Setting> connection_settings(const ConnectionOptions& options) {
  std::vector<Setting> settings;
  if (!options.bootstrap_servers.empty())
    settings.push_back({"bootstrap.servers", options.bootstrap_servers, "-b", true});
  settings.insert(settings.end(), options.options.begin(), options.options.end());
  add_properties(options.properties, settings);
  settings.insert(settings.end(), options.configured.begin(), options.configured.end());
  settings = strongest(settings);
  settle_auth_type(settings);
  settle_msk_iam(settings);
  settle_registry_login(settings);
  add_ports(settings);
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

}  // namespace kpipe
