// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// The plans. NDJSON lines are checkpoint lines of the NEW offsets, so that a saved plan can be
/// carried out later with --from-file:
/// {"topic","partition","offset","gen","group","current","delta","log_start","log_end","sink"?,
/// "after_last_record"?,"clamped"?}. A deletion has "offset":null,"delete":true.
void append_plans(OutBuffer& out, const std::vector<GroupPlan>& plans, OutputFormat format);

/// Lines of the PRIOR offsets, in the same form: what --from-file needs to undo the move. Where
/// nothing was committed the way back is a deletion.
void append_prior(OutBuffer& out, const GroupPlan& plan);

}  // namespace kpipe::kseek
