// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/kafka/client.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// Changes what Kafka has for the group, as the plan says. Tells of each partition that was
/// refused. Returns ok, check_failed when only some were refused, or the status that fits when all
/// were. Throws Error when Kafka could not be asked.
Exit carry_out(const Client& client, const GroupPlan& plan);

}  // namespace kpipe::kseek
