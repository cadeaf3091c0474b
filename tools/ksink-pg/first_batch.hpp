// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/sink/batch.hpp"
#include "common/sink/options.hpp"
#include "tools/ksink-pg/stored_partition.hpp"

namespace kpipe {

/// What --dry-run looks at.
struct FirstBatch {
  Batch batch;
  std::uint64_t duplicates = 0;  ///< records that are stored already
};

/// Reads lines until a batch is full or the input ends, without a word to kconsume. Throws Error
/// (data, io).
FirstBatch read_first_batch(int fd, const std::optional<std::vector<StoredPartition>>& stored,
                            const SinkOptions& options);

}  // namespace kpipe
