// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "tools/ksink-pg/refused_row.hpp"

namespace kpipe {

/// Stores all of `all` but what is refused, in order, and returns the refusals: each names one
/// entry, and they are in the order of entries.
///
/// `store` stores a part, or throws RefusedRow and leaves nothing of it behind. Where a refusal
/// names the one entry, what is before it is stored again alone, and then what is behind it; where
/// it names several, the part is halved. Each good entry is thus sent about twice where refusals
/// name their entry, and once more for each halving where they do not.
///
/// Ends early, having stored only a part, when there are more than `at_most` refusals.
std::vector<RefusedRow> isolate(EntryRange all, std::size_t at_most,
                                const std::function<void(EntryRange)>& store);

}  // namespace kpipe
