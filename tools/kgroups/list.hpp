// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "common/kafka/groups.hpp"

namespace kpipe::kgroups {

/// One line of `kgroups list`.
struct GroupRow {
  std::string group;
  std::string state;
  std::string type;
  std::string protocol;                ///< the members' assignor
  std::optional<std::size_t> members;  ///< absent: not known
  std::string error;                   ///< why something is not known
};

/// What two of Kafka's answers say together: the listing decides on the state when the description
/// calls a group Dead or unknown that is listed as alive (brokers and libraries that know only one
/// of the group protocols do so).
GroupRow make_group_row(const GroupListing& listing, const GroupDescription& description);

void append_group_rows(OutBuffer& out, const std::vector<GroupRow>& rows, OutputFormat format);

}  // namespace kpipe::kgroups
