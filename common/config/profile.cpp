// SPDX-License-Identifier: Apache-2.0
#include "common/config/profile.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/config/aliases.hpp"
#include "common/config/properties.hpp"

namespace kpipe {
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
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

/// Elsewhere secrets live in workspaces, "WORKSPACE:ID"; here the file is the workspace.
SecretStore::const_iterator find_secret(const SecretStore& secrets, const std::string& id) {
  const auto found = secrets.find(id);
  const std::size_t colon = id.find(':');
  if (found != secrets.end() || colon == std::string::npos) return found;
  return secrets.find(id.substr(colon + 1));
}

/// What one key of a secret says of a property.
Setting property_of(const Setting& value) {
  Setting setting = canonical_login(value);
  if (setting.name == value.name && value.name.find('.') == std::string::npos) {
    std::vector<std::string> known = alias_names();
    known.insert(known.end(), {"username", "password"});
    throw Error(Exit::config, value.origin + ": '" + value.name +
                                  "' is no property, and a connection uses all of this secret" +
                                  did_you_mean(value.name, known));
  }
  // Of these librdkafka reads the file itself.
  const auto reference = parse_reference(setting);
  if (reference && reference->kind == Reference::Kind::file && setting.name.ends_with(".location"))
    setting.value = reference->argument;
  return setting;
}

}  // namespace

bool serves(const std::string& purposes, Purpose purpose) {
  return purpose == Purpose::any ||
         purposes.find(purpose == Purpose::read ? 'r' : 'w') != std::string::npos;
}

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
    const auto secret = find_secret(config.secrets, use.id);
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
