// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "tools/kgroups/lag.hpp"

namespace kpipe::kgroups {

/// One line a partition. NDJSON lines are checkpoint lines with more fields, so that
/// `kgroups lag ... | kseek --from-file -` works: {"topic","partition","offset","gen"?,"group",
/// "log_start","log_end","stable_end","lag","sink"?,"truncated"?,"beyond_end"?,"error"?}.
void append_partition_lags(OutBuffer& out, const std::vector<PartitionLag>& rows,
                           OutputFormat format);

/// {"group","topic"?,"partitions","lag","unknown"?}
void append_lag_sums(OutBuffer& out, const std::vector<LagSum>& sums, LagBy by,
                     OutputFormat format);

}  // namespace kpipe::kgroups
