// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/sink/sink_loop.hpp"
#include "tools/ksink-pg/stored_partition.hpp"

namespace kpipe {

/// Whether a run is whole, so that its rows may replace those of the table: kconsume said that it
/// reached its end, or the input was a file, or the user says that the end of the input will do.
/// Throws Error (temp_fail) when it is not.
void check_whole_run(const SourceEnd& end, bool at_eof, const std::string& table);

/// Whether all that kconsume read is stored: behind a filter its word alone is not enough. Throws
/// Error (temp_fail).
void check_all_stored(const SourceEnd& end, const std::vector<StoredPartition>& stored,
                      const std::string& table);

}  // namespace kpipe
