// SPDX-License-Identifier: Apache-2.0
#include "common/cli/connection.hpp"

#include <algorithm>
#include <cstdlib>

#include "common/base/error.hpp"
#include "common/cli/output.hpp"
#include "common/config/config_files.hpp"

namespace kpipe {
namespace {

constexpr const char* brokers_variable = "KPIPE_BOOTSTRAP_SERVERS";
constexpr const char* profile_variable = "KPIPE_PROFILE";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

Config read_config(const std::string& file) {
  return file.empty() ? read_config_folders(config_folders()) : read_config_file(file);
}

ConnectionArguments::ConnectionArguments(ToolApp& app, ConnectionOptions& options)
    : app_(app.app()), options_(options) {
  app.app()
      .add_option("-b,--bootstrap-servers", options.bootstrap_servers,
                  "Brokers to start from. Default: $KPIPE_BOOTSTRAP_SERVERS, or the profile's.")
      ->type_name("HOST:PORT,...");
  app.app()
      .add_option("-F,--config", config_file_,
                  "Read profiles from this file alone, in place of ~/.config/kpipe and /etc/kpipe.")
      ->type_name("FILE");
  app.app()
      .add_option("--profile", profile_,
                  "Use the connection of this name from the configuration, see kpipe(7). Default: "
                  "$KPIPE_PROFILE, or none.")
      ->type_name("NAME");
  app.app()
      .add_option("-X", options.properties,
                  "A property of librdkafka, by its name or Java's; may be repeated.")
      ->type_name("NAME=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1)
      ->take_all();
  app.add_duration("--timeout", options.timeout,
                   "Longest wait for an answer of the brokers (default 10s).");
  app.app().add_flag("--show-config", show_config_,
                     "Print the properties of the connection and where each comes from, secrets "
                     "masked, and exit.");
}

std::string ConnectionArguments::profile_name() const {
  return profile_ ? *profile_ : variable(profile_variable);
}

void ConnectionArguments::read_configuration(Purpose purpose) {
  const std::string brokers = variable(brokers_variable);
  if (!brokers.empty())
    options_.configured.push_back({"bootstrap.servers", brokers, brokers_variable});

  const std::string profile = profile_name();
  const bool refers =
      std::any_of(options_.properties.begin(), options_.properties.end(),
                  [](const std::string& text) { return text.find("=${secret:") != text.npos; });
  if (profile.empty() && !refers) {
    if (!config_file_.empty()) {
      throw Error(Exit::usage, "-F: nothing of " + config_file_ +
                                   " is used without a profile. Name one: --profile NAME");
    }
    return;
  }
  const Config config = read_config(config_file_);
  options_.secrets = config.secrets;
  if (profile.empty()) return;
  for (Setting& setting : profile_settings(config, profile, purpose)) {
    if (setting.name == "group.id") {
      profile_group_ = std::move(setting);
    } else {
      options_.configured.push_back(std::move(setting));
    }
  }
}

std::optional<int> ConnectionArguments::show(const std::optional<Setting>& group) const {
  if (!show_config_) return std::nullopt;
  ClientConfig::check(options_);
  std::vector<Setting> settings = connection_settings(options_);
  settings.push_back({"security.protocol", "plaintext", "default"});
  settings = strongest(settings);
  if (group) settings.push_back(*group);
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  OutBuffer out;
  for (const Setting& setting : settings) {
    out.append(
        Table::printable(setting.name + " = " + masked(setting) + "  # " + full_origin(setting)));
    out.append('\n');
  }
  write_stdout(out);
  return static_cast<int>(Exit::ok);
}

std::optional<int> ConnectionArguments::settle(Purpose purpose) {
  read_configuration(purpose);
  return show(std::nullopt);
}

std::optional<int> ConnectionArguments::settle(Purpose purpose, const CLI::Option& option,
                                               std::string& group) {
  read_configuration(purpose);
  if (option.count() > 0) return show(Setting{"group.id", group, "-g"});
  if (profile_group_) group = resolve(*profile_group_, options_.secrets);
  return show(profile_group_);
}

const std::string& ConnectionArguments::only_config_file(const std::string& command) const {
  for (const char* const name : {"-b", "--profile", "-X", "--timeout", "--show-config"}) {
    if (app_.get_option(name)->count() > 0) {
      throw Error(Exit::usage,
                  std::string(name) + ": " + command + " opens no connection, it shows them all");
    }
  }
  return config_file_;
}

}  // namespace kpipe
