// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "common/sink/sink.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// A row of kpipe_offsets.
struct StoredPartition {
  Checkpoint checkpoint;
  SourceIdentity source;        ///< empty members: not known
  std::int64_t rows = 0;        ///< stored by this sink since the first
  std::int64_t target_oid = 0;  ///< of the table they went into; 0: not known
  std::string updated_at;       ///< RFC 3339, UTC
};

}  // namespace kpipe
