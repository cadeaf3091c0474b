// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "common/kafka/groups.hpp"
#include "common/kafka/other_groups.hpp"

namespace kpipe::kgroups {

/// One line of `kgroups list`.
struct GroupRow {
  std::string group;
  std::string state;
  std::string type;
  std::string protocol;                ///< the members' assignor; of no consumers: their protocol
  std::optional<std::size_t> members;  ///< absent: not known
  std::string error;                   ///< why something is not known
};

/// What two of Kafka's answers say together: the listing decides on the state when the description
/// calls a group Dead or unknown that is listed as alive (brokers and libraries that know only one
/// of the group protocols do so).
GroupRow make_group_row(const GroupListing& listing, const GroupDescription& description);
GroupRow make_group_row(const OtherGroup& group);

/// Whether --state and --type want it; both as normal_name() has them, none: all.
bool chosen(const GroupRow& row, const std::vector<std::string>& states,
            const std::vector<std::string>& types);

/// {"time"?,"group","state","type","protocol","members","error"}. `time_ms` for --watch.
void append_group_rows(OutBuffer& out, const std::vector<GroupRow>& rows, OutputFormat format,
                       std::optional<std::int64_t> time_ms = std::nullopt, bool colours = false);

}  // namespace kpipe::kgroups
