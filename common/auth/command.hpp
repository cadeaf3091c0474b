// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "common/base/secret.hpp"

namespace kpipe {

/// Runs a command line by /bin/sh and returns what it wrote to stdout, at most 1 MiB. Its stdin is
/// empty and its stderr is ours. At the time limit, or once `cancelled` is true, it is killed with
/// all that it has started. Throws Error(config) when it fails, Error(unavailable) when it takes
/// too long; `name` stands for the command in messages.
Secret output_of(const std::string& command, const std::string& name,
                 std::chrono::milliseconds limit, const std::atomic<bool>& cancelled);

}  // namespace kpipe
