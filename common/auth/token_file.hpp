// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "common/auth/token.hpp"

namespace kpipe {

// `otherwise`: how long a token is taken to live that does not say it itself.

/// The token in a file, as parse_token() takes it, read anew each time: others replace it.
FetchToken token_from_file(const std::string& path, std::chrono::milliseconds otherwise);

/// The token that a shell command line prints, run anew each time, for `limit` at most.
FetchToken token_from_command(const std::string& command, std::chrono::milliseconds limit,
                              std::chrono::milliseconds otherwise);

}  // namespace kpipe
