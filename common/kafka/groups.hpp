// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/offsets.hpp"

namespace kpipe {

// Consumer groups seen from outside: Kafka's admin calls. Every function blocks for the client's
// timeout at most. A failure of the whole call throws Error; failures of single brokers, groups and
// partitions are in the result, because one bad part must not hide the others. A group whose
// coordinator moves is asked for again until then.

/// A client for a short visit: asks, prints, goes.
ClientConfig visitor_config(const std::string& client_id, const ConnectionOptions& connection);

struct GroupListing {
  std::string group;
  std::string state;  ///< as Kafka names it: Stable, Empty, PreparingRebalance, ...
  std::string type;   ///< Classic or Consumer (KIP-848)
};

struct GroupListings {
  std::vector<GroupListing> groups;   ///< by name
  std::vector<std::string> failures;  ///< one reason for each broker that did not answer
};

/// The consumer groups of all brokers. Throws Error when brokers failed and none listed a group.
GroupListings list_groups(const Client& client);

struct GroupMember {
  std::string member_id;
  std::string instance_id;  ///< static membership (KIP-345); empty: dynamic
  std::string client_id;
  std::string host;
  std::vector<TopicPartition> assignment;
};

/// The broker that keeps a group's members and offsets.
struct GroupCoordinator {
  std::int32_t id = -1;  ///< -1: not known
  std::string host;
  std::uint16_t port = 0;
};

struct GroupDescription {
  std::string group;
  std::string state;
  std::string type;
  std::string assignor;  ///< partition assignment strategy; empty without members
  std::vector<GroupMember> members;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string error_text;
  GroupCoordinator coordinator{};
  /// What the caller may do with it, when asked for and when the broker knows (KIP-430).
  std::optional<std::vector<std::string>> operations;

  /// Kafka describes a group that it does not know as "Dead" (from KIP-1043 on as an error). One
  /// with committed offsets and no members is "Empty".
  bool exists() const;
  /// A classic group whose members are no consumers, such as Kafka Connect's workers: librdkafka
  /// refuses to describe it. list_other_groups() does.
  bool foreign() const;
  /// Members hold it: offsets cannot be changed from outside.
  bool active() const;
};

/// In the order asked. Names must differ.
std::vector<GroupDescription> describe_groups(const Client& client,
                                              const std::vector<std::string>& groups,
                                              bool with_operations = false);
/// The same for groups just listed. An empty group has no members to ask for: that saves three
/// requests.
std::vector<GroupDescription> describe_groups(const Client& client,
                                              const std::vector<GroupListing>& listings);

struct GroupOffsets {
  std::string group;
  std::vector<CommittedOffset> offsets;  ///< by topic and partition; none for an unknown group
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string error_text;
};

/// What to make of offsets that an open transaction is about to commit (KIP-447): the last ones
/// before it, or the error UNSTABLE_OFFSET_COMMIT for the group or the partition.
enum class PendingOffsets { pass_over, refuse };

/// Everything that these groups have committed, in the order asked.
std::vector<GroupOffsets> committed_offsets(const Client& client,
                                            const std::vector<std::string>& groups,
                                            PendingOffsets pending = PendingOffsets::pass_over);

}  // namespace kpipe
