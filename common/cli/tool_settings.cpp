// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_settings.hpp"

#include <algorithm>
#include <string_view>

#include "common/base/error.hpp"
#include "common/config/aliases.hpp"

namespace kpipe {
namespace {

std::string option_name(const std::string& setting) {
  return setting == "group.id" ? "--group" : "--" + setting;
}

/// As people type it.
std::string short_name(const std::string& setting) {
  if (setting == "group.id") return "-g";
  return setting == "topic" ? "-t" : option_name(setting);
}

/// offset = "timestamp" is said in two parts: which moment stands in "timestamp".
void join_start_time(std::vector<Setting>& settings) {
  const auto named = [&](std::string_view name) {
    return std::find_if(settings.begin(), settings.end(),
                        [&](const Setting& one) { return one.name == name; });
  };
  const auto time = named("timestamp");
  const auto from = named("from");
  const bool wanted = from != settings.end() && from->value == "timestamp";
  if (wanted && time == settings.end()) {
    throw Error(Exit::config, from->origin +
                                  ": offset: 'timestamp' needs a timestamp beside it, such as "
                                  "2026-01-31T12:00:00Z");
  }
  if (wanted) from->value = "@" + time->value;
  if (time != settings.end()) settings.erase(time);
}

/// Topics that were typed are all that is wanted, however they were typed.
bool was_typed(const CLI::App& app, const std::string& name) {
  const auto given = [&](const char* option) { return app.get_option(option)->count() > 0; };
  if (name == "topic" || name == "topic-pattern")
    return given("--topic") || given("--topic-pattern") || given("--topics-from");
  return given(option_name(name).c_str());
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

void give(CLI::Option& option, const Setting& setting, const SecretStore& secrets) {
  try {
    option.clear();
    option.add_result(resolve(setting, secrets).reveal());
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw Error(Exit::config, setting.origin + ": " + error.what());
  }
}

/// What was typed, for --show-config.
std::vector<Setting> typed_settings(const CLI::App& app) {
  std::vector<Setting> typed;
  std::vector<std::string> names = tool_setting_names();
  std::erase(names, "timestamp");  // a part of --from
  names.push_back("group.id");
  for (const std::string& name : names) {
    const CLI::Option* const option = app.get_option(option_name(name));
    if (option->count() > 0)
      typed.push_back({name, joined(option->results()), short_name(name), true});
  }
  return typed;
}

}  // namespace

bool is_of_option(const Setting& setting) {
  return setting.name == "group.id" || is_tool_setting(setting.name);
}

void apply_tool_settings(CLI::App& app, std::vector<Setting>& settings,
                         const SecretStore& secrets) {
  const std::vector<Setting> typed = typed_settings(app);
  join_start_time(settings);
  std::erase_if(settings,
                [&](const Setting& one) { return is_of_option(one) && was_typed(app, one.name); });
  for (const Setting& setting : settings) {
    if (is_of_option(setting)) give(*app.get_option(option_name(setting.name)), setting, secrets);
  }
  settings.insert(settings.end(), typed.begin(), typed.end());
}

}  // namespace kpipe
