// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "common/cli/app.hpp"
#include "common/config/profile.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {

/// -b, -F, --profile, -X, --timeout and --show-config, the same in every tool that talks to Kafka.
/// An option wins over -X, -X over the environment (KPIPE_BOOTSTRAP_SERVERS), that over the
/// profile.
class ConnectionArguments {
 public:
  /// Declares the options. Both must outlive this.
  ConnectionArguments(ToolApp& app, ConnectionOptions& options);

  /// To be called when the command line has been parsed: adds what the environment and the profile
  /// say. Configuration is read only when a profile is named or -X refers to a secret. An exit
  /// status when --show-config has printed it all. Throws Error(usage, config, no_permission).
  std::optional<int> settle(Purpose purpose);

  /// The same for a tool with a group of its own: the profile's group_id is what `group` gets
  /// unless `option` was given.
  std::optional<int> settle(Purpose purpose, const CLI::Option& option, std::string& group);

  /// In place of settle() for a command that opens no connection. Throws Error(usage) when more
  /// than -F was given. The file of -F, empty for the usual places.
  const std::string& only_config_file(const std::string& command) const;

 private:
  std::string profile_name() const;
  void read_configuration(Purpose purpose);
  std::optional<int> show(const std::optional<Setting>& group) const;

  const CLI::App& app_;
  ConnectionOptions& options_;
  std::string config_file_;
  std::optional<std::string> profile_;  ///< empty: none, whatever the environment says
  bool show_config_ = false;
  std::optional<Setting> profile_group_;
};

/// The configuration that `file` (of -F) holds, or the usual places when it is empty.
Config read_config(const std::string& file);

}  // namespace kpipe
