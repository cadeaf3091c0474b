// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/kgroups/lag.hpp"

namespace kpipe::kgroups {

/// A reason for each line that is not within --max-lag and --max-time-lag, named; what is not known
/// is not within either. `lineless`: groups asked for that have no line, so that nothing is known
/// of them. Pure.
std::vector<std::string> offences(const std::vector<LagSum>& sums,
                                  const std::vector<std::string>& lineless, const Options& options);

}  // namespace kpipe::kgroups
