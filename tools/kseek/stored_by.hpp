// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "common/kafka/groups.hpp"

namespace kpipe::kseek {

/// Whose offsets these are, by the metadata of their commits: a sink of kpipe's, kpipe's without a
/// sink (written without acknowledgements, or moved before any sink came), or another tool's.
/// NDJSON lines are checkpoint lines: {"topic","partition","offset","gen"?,"group","sink",
/// "metadata"?}, where sink is null unless there is one and metadata is another tool's.
void append_stored_by(OutBuffer& out, const std::vector<GroupOffsets>& groups, OutputFormat format);

}  // namespace kpipe::kseek
