// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/error.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// `kgroups check`: tries each step on the way to the brokers, to topics and to groups, and says of
/// each how it went, why, and what helps. The status of the first step that failed.
Exit run_check(const Options& options);

}  // namespace kpipe::kgroups
