// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/batch_shares.hpp"

#include <cstdint>
#include <utility>

namespace kpipe {

std::vector<Batch> batch_shares(const Batch& batch, std::size_t parts,
                                const std::function<std::size_t(const std::string&)>& part_of) {
  std::vector<Batch> shares(parts);
  std::vector<std::pair<std::size_t, std::uint32_t>> places;  // of each range
  for (const Batch::Range& range : batch.ranges()) {
    const std::size_t part = part_of(range.tp.topic);
    const std::uint32_t index = shares[part].range_of(range.tp.topic, range.tp.partition);
    places.emplace_back(part, index);
  }
  for (const Batch::Entry& entry : batch.entries()) {
    const auto& [part, index] = places[entry.range];
    shares[part].add(entry.record, entry.line, index);
  }
  // Last, as add() moves `next`, and a range may end above its last record.
  for (std::size_t i = 0; i < batch.ranges().size(); ++i) {
    Batch::Range& own = shares[places[i].first].range(places[i].second);
    const std::size_t records = own.records;
    own = batch.ranges()[i];
    own.records = records;
  }
  return shares;
}

}  // namespace kpipe
