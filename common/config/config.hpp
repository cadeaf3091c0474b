// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/reference.hpp"

namespace kpipe {

/// One of `secrets = [{id = "ID", purpose = "rw"}]`.
struct SecretUse {
  std::string id;
  std::string purpose;  ///< "r", "w" or "rw"
  std::string origin;
};

/// The table [connections.NAME], from all files.
struct Connection {
  std::string name;
  std::string origin;  ///< "FILE:LINE" in the file that spoke of it last
  std::string description;
  std::string purpose = "rw";  ///< "r", "w" or "rw": what the connection may be used for
  std::vector<std::string> tags;
  std::vector<SecretUse> secrets;
  std::map<std::string, Setting> settings;  ///< by librdkafka's names, group.id included
};

struct Config {
  std::map<std::string, Connection> connections;
  SecretStore secrets;
  std::vector<std::string> unreadable;  ///< "FILE: cause" of what this user may not read
};

/// Adds what the TOML text of a file says; it wins over what is there, key by key. Relative paths
/// are taken from the folder of `path`. Returns "FILE:LINE" of the first secret that stands in the
/// text itself, empty if none does. Throws Error(config) with file and line: not TOML, an unknown
/// key, a value of the wrong kind, two values for one property. No message repeats a value.
std::string add_config(std::string_view text, const std::string& path, Config& config);

}  // namespace kpipe
