// SPDX-License-Identifier: Apache-2.0
#include "common/config/profile.hpp"

#include <algorithm>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

bool serves(const std::string& purposes, Purpose purpose) {
  return purpose == Purpose::any ||
         purposes.find(purpose == Purpose::read ? 'r' : 'w') != std::string::npos;
}

const Connection& find_connection(const Config& config, const std::string& name) {
  const auto found = config.connections.find(name);
  if (found != config.connections.end()) return found->second;
  std::string text = "--profile: " + name + ": there is no such connection" +
                     did_you_mean(name, names_of(config.connections));
  if (!text.ends_with('?')) text += '.';
  for (const std::string& file : config.unreadable) text += " Not read: " + file + ".";
  throw Error(Exit::config, text + " kgroups connections shows what is there");
}

/// What one key of a secret says of a property.
Setting property_of(const Setting& value) {
  Setting setting = value;
  setting.name = secret_property_name(value.name);
  if (setting.name == value.name && value.name.find('.') == std::string::npos) {
    std::vector<std::string> known = property_aliases();
    known.insert(known.end(), {"username", "password"});
    throw Error(Exit::config, value.origin + ": '" + value.name +
                                  "' is no property, and a "
                                  "connection uses all of this secret" +
                                  did_you_mean(value.name, known));
  }
  // Of these librdkafka reads the file itself.
  const auto reference = parse_reference(setting);
  if (reference && reference->kind == Reference::Kind::file && setting.name.ends_with(".location"))
    setting.value = reference->argument;
  return setting;
}

}  // namespace

std::vector<Setting> profile_settings(const Config& config, const std::string& name,
                                      Purpose purpose) {
  const Connection& connection = find_connection(config, name);
  if (!serves(connection.purpose, purpose)) {
    throw Error(Exit::no_permission, "--profile: " + name + ": " + connection.origin +
                                         ": it has purpose " + connection.purpose +
                                         ", and this would " +
                                         (purpose == Purpose::read ? "read" : "write"));
  }
  std::vector<Setting> settings;
  for (const auto& [property, setting] : connection.settings) settings.push_back(setting);
  for (const SecretUse& use : connection.secrets) {
    const auto secret = config.secrets.find(use.id);
    if (secret == config.secrets.end()) {
      throw Error(Exit::config, use.origin + ": " + name + ": there is no secret " + use.id +
                                    did_you_mean(use.id, names_of(config.secrets)));
    }
    if (!serves(use.purpose, purpose)) continue;
    for (const auto& [key, value] : secret->second) settings.push_back(property_of(value));
  }
  settings = strongest(settings);
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

}  // namespace kpipe
