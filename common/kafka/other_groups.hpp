// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

/// A group whose members are no consumers.
struct OtherGroup {
  std::string group;
  std::string state;     ///< as Kafka names it, or "Unknown"
  std::string type;      ///< Classic, Share (KIP-932) or Streams (KIP-1071)
  std::string protocol;  ///< what a classic group is for: connect, sr, ...; empty for the others
  std::optional<std::size_t> members;  ///< absent: not known
};

/// Groups that list_groups() leaves out: those of Kafka Connect, schema registries and the like,
/// and share and streams groups. By name.
///
/// librdkafka's admin calls drop them (up to 2.15 at least) and have no request that describes
/// share or streams groups. The older rd_kafka_list_groups() names all groups, but calls every
/// group "Dead" that is not of the classic protocol: its word counts only for classic ones. That a
/// group is of the other two follows from its being listed at all; a streams group has committed
/// offsets, which a share group cannot have. One that has not committed yet is taken for a share
/// group.
///
/// `name` restricts it to one group; empty: all. Groups of brokers that do not answer are missing;
/// list_groups() says which brokers these are. Throws Error when none answered.
std::vector<OtherGroup> list_other_groups(const Client& client, const std::string& name = {});

}  // namespace kpipe
