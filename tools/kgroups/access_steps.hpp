// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/topics.hpp"
#include "tools/kgroups/check_step.hpp"

namespace kpipe::kgroups {

// What Kafka's answers about a topic and a group mean for somebody who wants to read. Pure.

/// topic (it is there, each partition has a leader) and topic-read. `user` is the login's name, for
/// the remedy; empty: unknown. `meant` is a topic that was probably meant; empty: none.
std::vector<Step> topic_steps(const TopicDescription& topic, const std::string& user,
                              const std::string& meant);

/// records: whether there is anything to read. `newest_ms` is the latest time of a record.
Step records_step(const std::string& topic, const std::vector<PartitionLog>& logs,
                  std::optional<std::int64_t> newest_ms, std::int64_t now_ms);

/// coordinator, group and group-read. `topics`: those that the reader wants, to tell whether others
/// use the group for something else.
std::vector<Step> group_steps(const GroupDescription& group, const std::string& user,
                              const std::vector<std::string>& topics);

/// offsets: where in the topic the group stands.
Step offsets_step(const GroupOffsets& offsets, const std::string& topic,
                  const std::vector<PartitionLog>& logs);

}  // namespace kpipe::kgroups
