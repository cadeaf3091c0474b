// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/config/setting.hpp"

namespace kpipe {

/// What "kafka://?bootstrap_servers=H:P&group_id=G&..." says.
struct ConnectionUri {
  std::string profile;  ///< of dataos://PROFILE?...: the connection that the rest adds to
  std::string purpose;  ///< "r", "w" or "rw"; empty: nothing was said
  std::vector<Setting> settings;
};

/// Reads a URI (RFC 3986: percent-encoded, "+" is a plus). Brokers may stand in front of the "?",
/// too. A value {NAME} refers to the secret, credential or variable NAME. Throws Error(usage): not
/// such a URI, two names of one thing with two values. No message repeats a value.
ConnectionUri parse_connection_uri(const std::string& text);

}  // namespace kpipe
