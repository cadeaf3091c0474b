// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// The plan. NDJSON lines are checkpoint lines of the NEW offsets, so that a saved plan can be
/// carried out later with --from-file:
/// {"topic","partition","offset","gen","group","current","delta","log_start",
/// "log_end","sink"?,"after_last_record"?,"clamped"?}.
void append_plan(OutBuffer& out, const std::string& group, const std::vector<Move>& moves,
                 OutputFormat format);

/// Checkpoint lines of the PRIOR offsets: what --from-file needs to undo the move. Partitions
/// without a committed offset have none.
void append_prior(OutBuffer& out, const std::string& group, const std::vector<Move>& moves);

}  // namespace kpipe::kseek
