// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/kafka/groups.hpp"

namespace kpipe::kgroups {

/// `absent` where there is no number.
std::string number_text(const std::optional<std::int64_t>& value, const char* absent);

/// "orders[0,2-5] payments[1]". The partitions must be sorted.
std::string assignment_text(const std::vector<TopicPartition>& partitions);

/// "client on host with orders[0-3]" for each member, so that the reader knows what to stop.
/// Control characters are escaped.
std::string members_text(const std::vector<GroupMember>& members);

/// RFC 3339 in UTC, whole seconds.
std::string time_text(std::int64_t ms);

/// The name in `names` that was probably meant: few letters differ. Empty: none is near.
std::string closest_name(const std::string& name, const std::vector<std::string>& names);

}  // namespace kpipe::kgroups
