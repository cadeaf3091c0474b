// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/cli/app.hpp"
#include "common/config/profile.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {

/// -b, -F, --profile, --uri, --import, -X, the options of login and TLS, --timeout and
/// --show-config, the same in every tool that talks to Kafka. An option wins over -X, -X over
/// --uri, that over the environment (KPIPE_...), that over the profile, that over --import.
class ConnectionArguments {
 public:
  /// Declares the options. Both must outlive this.
  ConnectionArguments(ToolApp& app, ConnectionOptions& options);

  /// To be called when the command line has been parsed: adds what all the other places say. The
  /// configuration is read only when a profile is named or something refers to a secret. An exit
  /// status when --show-config or -X list has printed it all. Throws Error(usage, config,
  /// no_permission).
  std::optional<int> settle(Purpose purpose);

  /// The same for kconsume, whose own options (is_tool_setting()) and group may stand in those
  /// places, too: options that were not typed get the values from there.
  std::optional<int> settle_with_options(Purpose purpose);

  /// In place of settle() for a command that opens no connection. Throws Error(usage) when more
  /// than -F was given. The file of -F, empty for the usual places.
  const std::string& only_config_file(const std::string& command) const;

 private:
  void declare_login();
  void declare_tls();
  void declare_property(const std::string& names, const std::string& property,
                        const std::string& type, const std::string& help);
  void declare_secret(const std::string& name, const std::string& property,
                      const std::string& help);
  bool refers_to_secrets() const;
  void read_configuration(Purpose purpose);
  void add_uri(std::string& profile, Purpose purpose);
  void add_import();
  std::optional<int> list_properties() const;
  std::optional<int> show(std::vector<Setting> settings) const;

  CLI::App& app_;
  ConnectionOptions& options_;
  std::vector<std::string> names_;  ///< of the options declared here
  std::string config_file_;
  std::optional<std::string> profile_;  ///< empty: none, whatever the environment says
  std::string uri_;
  std::string import_;
  bool show_config_ = false;
};

/// Declares an option that says a property of the connection. Neither may go before the parsing.
void add_property_option(CLI::App& app, ConnectionOptions& options, const std::string& names,
                         const std::string& property, const std::string& type,
                         const std::string& help);

/// The configuration that `file` (of -F) holds, or the usual places when it is empty.
Config read_config(const std::string& file);

}  // namespace kpipe
