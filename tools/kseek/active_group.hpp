// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"

namespace kpipe::kseek {

/// "etl: the group is active (Stable): CLIENT on HOST with orders:0-2, ...": whom to stop.
std::string active_text(const GroupDescription& group);

/// Returns when all of these groups are without members, or after `timeout`: the caller looks who
/// is still there. A static member stays for its session timeout after it has left. Throws
/// Error(temp_fail) when a stop signal came.
void wait_until_empty(const Client& client, const std::vector<std::string>& groups,
                      std::chrono::milliseconds timeout);

}  // namespace kpipe::kseek
