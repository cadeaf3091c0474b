// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/sink/batch.hpp"

namespace kpipe {

/// Takes a batch apart by topic: `part_of` says which of `parts` shares a topic belongs to, and may
/// throw. Shares own copies of their lines; ranges keep what must become of their offsets.
std::vector<Batch> batch_shares(const Batch& batch, std::size_t parts,
                                const std::function<std::size_t(const std::string&)>& part_of);

}  // namespace kpipe
