// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/carry_out.hpp"

#include "common/base/log.hpp"
#include "common/kafka/group_offsets.hpp"

namespace kpipe::kseek {
namespace {

/// Where Kafka's own text leaves open what happened; otherwise empty.
std::string cause(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC:
      return "the group has become active. Stop its members and try again";
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
      return "the name belongs to a group that commits no offsets (a share group, for example)";
    default:
      return {};
  }
}

std::string count_text(std::size_t count, const char* done) {
  return std::to_string(count) + (count == 1 ? " partition " : " partitions ") + done;
}

/// What became of the partitions of one group.
class Outcome {
 public:
  Outcome(const Client& client, const std::string& group) : client_(client), group_(group) {}

  void add(const std::vector<PartitionResult>& results, const char* done, const char* operation) {
    std::size_t succeeded = 0;
    for (const PartitionResult& result : results) {
      if (result.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++succeeded;
        continue;
      }
      const Error error =
          client_.error(group_ + ": " + to_string(result.tp) + ": not " + done, result.error,
                        cause(result.error), missing(result, operation));
      log::error(error.what());
      if (failed_++ == 0) first_failure_ = error.exit();
    }
    succeeded_ += succeeded;
    if (succeeded > 0) said_ += (said_.empty() ? "" : ", ") + count_text(succeeded, done);
  }

  Exit exit() const {
    if (!said_.empty()) log::notice(group_ + ": " + said_);
    if (failed_ == 0) return Exit::ok;
    return succeeded_ == 0 ? first_failure_ : Exit::check_failed;
  }

 private:
  /// `operation` on the group, and to read the topic.
  Right missing(const PartitionResult& result, const char* operation) const {
    if (result.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      return {"Read", "topic", result.tp.topic};
    return {operation, "group", group_};
  }

  const Client& client_;
  const std::string& group_;
  std::string said_;
  std::size_t succeeded_ = 0;
  std::size_t failed_ = 0;
  Exit first_failure_ = Exit::ok;
};

}  // namespace

Exit carry_out(const Client& client, const GroupPlan& plan) {
  std::vector<CommittedOffset> offsets;
  std::vector<TopicPartition> deletions;
  for (const Move& move : plan.moves) {
    if (move.target) {
      offsets.push_back({move.tp, *move.target, move.metadata.text(), RD_KAFKA_RESP_ERR_NO_ERROR});
    } else {
      deletions.push_back(move.tp);
    }
  }
  Outcome outcome(client, plan.group);
  outcome.add(alter_offsets(client, plan.group, offsets), "moved", "Read");
  outcome.add(delete_offsets(client, plan.group, deletions), "deleted", "Delete");
  return outcome.exit();
}

}  // namespace kpipe::kseek
