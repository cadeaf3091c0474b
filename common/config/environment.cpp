// SPDX-License-Identifier: Apache-2.0
#include "common/config/environment.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"
#include "common/config/aliases.hpp"

namespace kpipe {
namespace {

constexpr std::string_view prefix = "KPIPE_";

std::string as_variable(std::string_view name) {
  std::string variable(prefix);
  for (const char c : name) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    variable += word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
  }
  return variable;
}

/// Each variable that stands for one thing only.
std::map<std::string, std::string> known_variables() {
  std::map<std::string, std::string> known;
  for (const std::string& alias : alias_names()) {
    known.emplace(as_variable(alias), alias);
    known.emplace(as_variable(canonical_name(alias)), canonical_name(alias));
  }
  for (const std::string& name : tool_setting_names()) known.emplace(as_variable(name), name);
  return known;
}

/// A misspelt password must not be passed over in silence: librdkafka will say that it has no such
/// property.
std::string property_like(std::string_view variable) {
  std::string_view rest = variable.substr(prefix.size());
  for (const std::string_view family :
       {"SASL_", "SSL_", "SECURITY_", "SCHEMA_REGISTRY_", "AWS_GLUE_"}) {
    if (!rest.starts_with(family)) continue;
    std::string name;
    for (const char c : rest) name += c == '_' ? '.' : lower(c);
    return name;
  }
  return {};
}

}  // namespace

std::vector<Setting> environment_settings(const char* const* names) {
  const std::map<std::string, std::string> known = known_variables();
  std::vector<Setting> settings;
  for (; *names != nullptr; ++names) {
    const std::string_view line = *names;
    const std::size_t equals = line.find('=');
    if (!line.starts_with(prefix) || equals == std::string_view::npos) continue;
    const std::string variable(line.substr(0, equals));
    const std::string value(line.substr(equals + 1));
    if (value.empty()) continue;
    const auto found = known.find(variable);
    const std::string name = found == known.end() ? property_like(variable) : found->second;
    if (name.empty()) continue;
    settings.push_back(canonical({name, value, variable}));
  }
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.origin < b.origin; });
  for (const Setting& one : settings) {
    for (const Setting& other : settings) {
      if (one.name == other.name && one.value != other.value) {
        throw Error(Exit::config, other.origin + ": " + one.origin + " says something else of " +
                                      one.name + ". Unset one of them");
      }
    }
  }
  return settings;
}

}  // namespace kpipe
