// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/config/config.hpp"

namespace kpipe {

/// What a connection is wanted for. Reading includes committing what was read; writing is moving or
/// deleting what others have committed.
enum class Purpose { read, write, any };

/// Whether what is meant for `purposes` ("r", "w" or "rw") is meant for this one.
bool serves(const std::string& purposes, Purpose purpose);

/// All that a connection says, with what its secrets for this purpose add; each property once, by
/// name. The connection wins over its secrets, an earlier secret over a later one. Throws Error:
/// config for a connection or secret that is not there, no_permission when it has another purpose.
std::vector<Setting> profile_settings(const Config& config, const std::string& name,
                                      Purpose purpose);

}  // namespace kpipe
