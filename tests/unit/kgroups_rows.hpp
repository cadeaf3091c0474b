// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/kgroups/lag.hpp"

namespace kpipe::kgroups {

inline PartitionLag lag_of(std::optional<std::int64_t> committed, std::int64_t start,
                           std::int64_t end, std::int64_t stable_end) {
  PartitionLag row;
  row.group = "etl";
  row.tp = {"orders", 0};
  row.committed = committed;
  apply_log(row, {{"orders", 0}, start, end, stable_end, -1, RD_KAFKA_RESP_ERR_NO_ERROR});
  return row;
}

inline std::vector<PartitionLag> some_rows() {
  std::vector<PartitionLag> rows;
  for (const auto& [group, topic, partition, lag] :
       std::vector<std::tuple<std::string, std::string, std::int32_t, std::optional<std::int64_t>>>{
           {"a", "t", 0, 5}, {"a", "t", 1, 7}, {"a", "u", 0, std::nullopt}, {"b", "u", 0, 1}}) {
    PartitionLag row;
    row.group = group;
    row.tp = {topic, partition};
    row.lag = lag;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace kpipe::kgroups
