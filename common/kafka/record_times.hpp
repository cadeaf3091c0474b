// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

struct RecordQuery {
  TopicPartition tp;
  std::int64_t offset = 0;  ///< must be within the log

  auto operator<=>(const RecordQuery&) const = default;
};

/// The first record at or after an offset that a read_committed consumer gets to see.
struct RecordTime {
  bool found = false;  ///< false without an error: up to the last stable offset there is none, only
                       ///< transaction markers, aborted records or compacted holes
  std::optional<std::int64_t> timestamp_ms;  ///< since the epoch; absent: the record has none
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// Finds out when records were written, by reading them: Kafka answers which offset a time has, but
/// not which time an offset has. Reads all partitions at once, one record each, and keeps its
/// connections for the next read. Needs READ on the topics; joins no group and commits nothing. Not
/// for use by two threads.
class RecordTimeReader {
 public:
  explicit RecordTimeReader(const ConnectionOptions& connection);
  ~RecordTimeReader();

  /// An answer for each query. Partitions from which nothing comes within the client's timeout have
  /// the error __TIMED_OUT.
  std::map<RecordQuery, RecordTime> read(const std::vector<RecordQuery>& queries);

 private:
  struct Reading;
  rd_kafka_topic_t* topic(const std::string& name);
  void start(Reading& reading);
  void stop(Reading& reading);
  void take(const rd_kafka_message_t& message, Reading& reading,
            std::map<RecordQuery, RecordTime>& answers);

  Client client_;
  KafkaQueue queue_;
  std::map<std::string, RdKafkaPtr<rd_kafka_topic_t>> topics_;
};

}  // namespace kpipe
