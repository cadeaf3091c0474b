// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/out_buffer.hpp"
#include "tools/kgroups/lag_output.hpp"
#include "tools/kgroups/survey.hpp"

namespace kpipe::kgroups {

/// Everything about each group. As NDJSON one object a group:
/// {"time"?,"group","state","type","protocol","coordinator":{"id","host","port"}|null,
/// "members":[{"member_id","client_id","host","instance_id",
/// "assignment":[{"topic","partition"}]}]|null,"lag","unknown","held_back","time_lag_ms",
/// "partitions":[lines of kgroups lag],"error"}. Otherwise tables: the group, its members, its
/// partitions.
void append_descriptions(OutBuffer& out, const Survey& survey, const LagLayout& layout);

}  // namespace kpipe::kgroups
