// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/wire/checkpoint.hpp"

namespace kpipe::kseek {

/// The offsets named by a file of checkpoint lines, "-" for stdin: kgroups lag's output, a sink's
/// --print-offsets, a plan or the prior offsets that kseek printed. Lines whose offset is null
/// (nothing committed) are left out. Throws Error(data) naming the line for anything else that is
/// not a checkpoint, and for a partition named twice with different offsets; Error(io).
std::vector<Checkpoint> read_target_file(const std::string& path);

}  // namespace kpipe::kseek
