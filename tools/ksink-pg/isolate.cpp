// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/isolate.hpp"

#include <optional>

namespace kpipe {

std::vector<RefusedRow> isolate(EntryRange all, std::size_t at_most,
                                const std::function<void(EntryRange)>& store) {
  struct Part {
    EntryRange range;
    std::optional<RefusedRow> refused{};  ///< known already: nothing to store
  };
  std::vector<RefusedRow> refusals;
  std::vector<Part> waiting;  // the next one last
  waiting.push_back({all});
  while (!waiting.empty() && refusals.size() <= at_most) {
    Part part = std::move(waiting.back());
    waiting.pop_back();
    if (part.refused) {
      refusals.push_back(std::move(*part.refused));
      continue;
    }
    const EntryRange range = part.range;
    if (range.size() == 0) continue;
    try {
      store(range);
    } catch (const RefusedRow& row) {
      EntryRange blamed = row.entries().value_or(range);
      const bool within = blamed.first >= range.first && blamed.end <= range.end;
      if (range.size() == 1 || !within) blamed = range;
      if (blamed.size() == 1) {
        RefusedRow one = row;
        one.set_entries(blamed);
        waiting.push_back({{blamed.end, range.end}});
        waiting.push_back({blamed, std::move(one)});
        waiting.push_back({{range.first, blamed.first}});
      } else {
        const std::uint32_t middle = range.first + range.size() / 2;
        waiting.push_back({{middle, range.end}});
        waiting.push_back({{range.first, middle}});
      }
    }
  }
  return refusals;
}

}  // namespace kpipe
