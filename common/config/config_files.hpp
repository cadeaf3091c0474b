// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/config/config.hpp"

namespace kpipe {

/// Where configuration is kept, the weakest first: /etc/kpipe, then $XDG_CONFIG_HOME/kpipe or
/// ~/.config/kpipe (XDG Base Directory Specification).
std::vector<std::string> config_folders();

/// Reads config.toml and then connections.d/*.toml, by name, in each of the folders. What is not
/// there is no error, what this user may not read is noted in the result. Throws as
/// read_config_file().
Config read_config_folders(const std::vector<std::string>& folders);

/// Reads one file. Throws Error(config), also when it is not there, or when a secret stands in it
/// and others may read it.
Config read_config_file(const std::string& path);

}  // namespace kpipe
