// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/offsets.hpp"

namespace kpipe {

// Changing what a group has committed, from outside. Kafka allows it while the group has no
// members. A failure of the whole call throws Error; the answers carry each partition's own error,
// in the order asked, because Kafka may take some and refuse others.

struct PartitionResult {
  TopicPartition tp;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// Sets committed offsets with their metadata. With UNKNOWN_MEMBER_ID the group has members. An
/// unknown group is created, an offset outside the log is taken: the caller checks both before.
std::vector<PartitionResult> alter_offsets(const Client& client, const std::string& group,
                                           const std::vector<CommittedOffset>& offsets);

/// Makes the group forget what it has committed there. With GROUP_SUBSCRIBED_TO_TOPIC it has
/// members that read the topic.
std::vector<PartitionResult> delete_offsets(const Client& client, const std::string& group,
                                            const std::vector<TopicPartition>& partitions);

}  // namespace kpipe
