// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/lag.hpp"

#include <algorithm>
#include <map>

namespace kpipe::kgroups {

std::vector<PartitionLag> group_partitions(const GroupOffsets& offsets,
                                           const GroupDescription& description) {
  std::map<TopicPartition, PartitionLag> rows;
  const auto row_of = [&](const TopicPartition& tp) -> PartitionLag& {
    PartitionLag& row = rows[tp];
    row.group = offsets.group;
    row.tp = tp;
    return row;
  };
  for (const GroupMember& member : description.members) {
    for (const TopicPartition& tp : member.assignment) row_of(tp);
  }
  for (const CommittedOffset& offset : offsets.offsets) {
    PartitionLag& row = row_of(offset.tp);
    if (offset.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      row.error = std::string("committed offset: ") + rd_kafka_err2str(offset.error);
      continue;
    }
    if (offset.offset < 0) continue;
    row.committed = offset.offset;
    CommitMetadata metadata;
    if (CommitMetadata::parse(offset.metadata, metadata)) row.lineage = metadata;
  }
  std::vector<PartitionLag> result;
  for (auto& [tp, row] : rows) result.push_back(std::move(row));
  return result;
}

void apply_log(PartitionLag& row, const PartitionLog& log) {
  row.log = log;
  if (log.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    row.error = rd_kafka_err2str(log.error);
    return;
  }
  if (!row.error.empty()) return;
  if (!row.committed) {
    // Wherever it starts, there is nothing to read.
    if (log.start == log.stable_end) row.lag = 0;
    return;
  }
  row.truncated = *row.committed < log.start;
  row.beyond_end = *row.committed > log.end;
  row.lag = std::max<std::int64_t>(0, log.stable_end - std::max(*row.committed, log.start));
}

std::vector<LagSum> sum_lags(const std::vector<PartitionLag>& rows, LagBy by) {
  std::vector<LagSum> sums;
  for (const PartitionLag& row : rows) {
    LagSum sum;
    sum.group = row.group;
    if (by != LagBy::group) sum.topic = row.tp.topic;
    if (by == LagBy::partition) sum.partition = row.tp.partition;
    const bool same = !sums.empty() && sums.back().group == sum.group &&
                      sums.back().topic == sum.topic && sums.back().partition == sum.partition;
    if (!same) sums.push_back(std::move(sum));
    ++sums.back().partitions;
    if (row.lag) {
      sums.back().lag += *row.lag;
    } else {
      ++sums.back().unknown;
    }
  }
  return sums;
}

std::string name_of(const LagSum& sum) {
  std::string name = sum.group;
  if (sum.partition) return name + " " + to_string(TopicPartition{sum.topic, *sum.partition});
  if (!sum.topic.empty()) name += " " + sum.topic;
  return name;
}

}  // namespace kpipe::kgroups
