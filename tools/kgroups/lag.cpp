// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/lag.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace kpipe::kgroups {
namespace {

void add(LagSum& sum, const PartitionLag& row) {
  ++sum.partitions;
  sum.held_back += row.held_back().value_or(0);
  if (row.lag) {
    sum.lag += *row.lag;
    sum.committed += row.log.stable_end - *row.lag;
    sum.stable_end += row.log.stable_end;
  } else {
    ++sum.unknown;
  }
  if (row.time_lag_ms) {
    sum.time_lag_ms = std::max(sum.time_lag_ms.value_or(0), *row.time_lag_ms);
  } else {
    ++sum.time_unknown;
  }
}

LagSum empty_sum(const PartitionLag& row, LagBy by) {
  LagSum sum;
  sum.group = row.group;
  if (by == LagBy::partition || by == LagBy::topic) sum.topic = row.tp.topic;
  if (by == LagBy::partition) sum.partition = row.tp.partition;
  if (by == LagBy::partition || by == LagBy::member) sum.owner = row.owner;
  return sum;
}

}  // namespace

std::optional<std::int64_t> PartitionLag::held_back() const {
  if (log.end < 0 || log.stable_end < 0) return std::nullopt;
  return std::max<std::int64_t>(0, log.end - log.stable_end);
}

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
    for (const TopicPartition& tp : member.assignment)
      row_of(tp).owner = {member.member_id, member.client_id, member.host, member.instance_id};
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

std::optional<RecordQuery> first_unread(const PartitionLag& row) {
  if (!row.committed || row.lag.value_or(0) == 0) return std::nullopt;
  return RecordQuery{row.tp, std::max(*row.committed, row.log.start)};
}

void apply_time(PartitionLag& row, const RecordTime* first, std::int64_t now_ms) {
  if (!row.lag) return;
  if (first == nullptr) {
    if (*row.lag == 0) row.time_lag_ms = 0;
    return;
  }
  if (first->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    row.time_error =
        std::string("time lag: the record could not be read: ") + rd_kafka_err2str(first->error);
  } else if (!first->found) {
    row.time_lag_ms = 0;
  } else if (!first->timestamp_ms) {
    row.time_error = "time lag: the record has no timestamp";
  } else {
    // Producers set the time: their clock may be ahead of ours.
    row.time_lag_ms = std::max<std::int64_t>(0, now_ms - *first->timestamp_ms);
  }
}

std::vector<LagSum> sum_lags(const std::vector<PartitionLag>& rows, LagBy by) {
  // No member id is smaller than the empty one: those without a member come last.
  using Key = std::tuple<std::string, std::string, std::optional<std::int32_t>, bool, std::string>;
  std::map<Key, LagSum> sums;
  for (const PartitionLag& row : rows) {
    LagSum empty = empty_sum(row, by);
    const bool by_member = by == LagBy::member;
    const Key key{empty.group, empty.topic, empty.partition,
                  by_member && empty.owner.member_id.empty(),
                  by_member ? empty.owner.member_id : std::string()};
    add(sums.try_emplace(key, std::move(empty)).first->second, row);
  }
  std::vector<LagSum> result;
  for (auto& [key, sum] : sums) result.push_back(std::move(sum));
  return result;
}

LagSum total_of(const std::vector<LagSum>& sums) {
  LagSum total;
  for (const LagSum& sum : sums) {
    total.partitions += sum.partitions;
    total.unknown += sum.unknown;
    total.lag += sum.lag;
    total.held_back += sum.held_back;
    total.committed += sum.committed;
    total.stable_end += sum.stable_end;
    total.time_unknown += sum.time_unknown;
    if (sum.time_lag_ms)
      total.time_lag_ms = std::max(total.time_lag_ms.value_or(0), *sum.time_lag_ms);
  }
  return total;
}

std::string name_of(const LagSum& sum) {
  std::string name = sum.group;
  if (sum.partition) return name + " " + to_string(TopicPartition{sum.topic, *sum.partition});
  if (!sum.topic.empty()) name += " " + sum.topic;
  if (!sum.owner.client_id.empty()) name += " " + sum.owner.client_id + " on " + sum.owner.host;
  return name;
}

}  // namespace kpipe::kgroups
