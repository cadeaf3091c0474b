// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

struct TopicDescription;

/// A place in a partition's log, asked of its leader (Kafka's ListOffsets).
struct OffsetQuery {
  TopicPartition tp;
  /// kEarliest, kLatest, kMaxTimestamp (the record with the latest timestamp, KIP-734), or a time
  /// in ms since the epoch: the first record at or after it.
  std::int64_t spec = 0;

  static constexpr std::int64_t kEarliest = RD_KAFKA_OFFSET_SPEC_EARLIEST;
  static constexpr std::int64_t kLatest = RD_KAFKA_OFFSET_SPEC_LATEST;
  static constexpr std::int64_t kMaxTimestamp = RD_KAFKA_OFFSET_SPEC_MAX_TIMESTAMP;
};

struct OffsetAnswer {
  TopicPartition tp;
  std::int64_t offset = -1;        ///< -1: no record at or after the time
  std::int64_t timestamp_ms = -1;  ///< of the record found by time
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// The broker that was asked is no longer, or not yet, the leader that we know of. It goes away by
/// itself.
bool leader_moved(rd_kafka_resp_err_t code);

/// Why nobody can be asked for a partition of `topic`: the topic's error, no such partition, or no
/// leader. RD_KAFKA_RESP_ERR_NO_ERROR: its leader can. Pure.
rd_kafka_resp_err_t obstacle(const TopicDescription& topic, std::int32_t partition);

enum class Isolation { read_committed, read_uncommitted };

/// One answer a query, in the queries' order: one request for the leaders, one to each. Waits for a
/// leader's election as long as the client's timeout. Under read_committed the latest offset is the
/// last stable one (LSO): an open transaction holds it back. Throws Error when the request as a
/// whole failed; errors of single partitions are in their answers.
std::vector<OffsetAnswer> list_offsets(const Client& client,
                                       const std::vector<OffsetQuery>& queries,
                                       Isolation isolation);

/// An offset committed by a group, with kpipe's metadata taken apart.
struct CommittedOffset {
  TopicPartition tp;
  std::int64_t offset = -1;  ///< -1: none
  std::string metadata;      ///< as stored
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// What kpipe writes into the metadata of each commit: "kpipe gen=N sink=NAME". A counter and not a
/// clock: kseek writes gen+1, and whoever sees a greater one knows that a replay was asked for.
struct CommitMetadata {
  std::int64_t generation = 0;
  std::string sink;

  std::string text() const;
  /// False for metadata that is not ours (another tool committed, or reset the group).
  static bool parse(std::string_view text, CommitMetadata& metadata);
};

}  // namespace kpipe
