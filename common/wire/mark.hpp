// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "common/base/out_buffer.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// A line between the record lines (`kconsume --marks`):
///   {"mark":{"topic":"orders","partition":3,"offset":1043,"flush":true}}
/// All records of the partition below `offset` have been written before it. It travels through
/// filters with the data, so it says there what a control message says on a direct pipe: how far a
/// partition was read although nothing of it was let through, and that a record's lines are all
/// here.
struct Mark {
  Checkpoint upto;
  bool flush = false;  ///< store and acknowledge now
};

void append_line(OutBuffer& out, const Mark& mark);

/// False when the line is no mark: a record, or something else. Throws nothing; a mark that lacks
/// its members is none.
bool parse_mark(std::string_view line, Mark& mark);

}  // namespace kpipe
