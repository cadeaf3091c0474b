// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/text.hpp"

#include <array>
#include <cstdio>

#include "common/base/time_zone.hpp"
#include "common/cli/output.hpp"

namespace kpipe::kgroups {

std::string duration_text(std::int64_t ms) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (ms < units[i].ms) continue;
    std::string text = std::to_string(ms / units[i].ms) + units[i].name;
    if (i + 1 == units.size()) return text;
    const std::int64_t rest = ms % units[i].ms / units[i + 1].ms;
    return text + (rest < 10 ? "0" : "") + std::to_string(rest) + units[i + 1].name;
  }
  return std::to_string(ms) + "ms";
}

std::string number_text(const std::optional<std::int64_t>& value, const char* absent) {
  return value ? std::to_string(*value) : absent;
}

std::string assignment_text(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size();) {
    const bool first = i == 0 || partitions[i - 1].topic != partitions[i].topic;
    if (first) text += (i == 0 ? "" : "] ") + partitions[i].topic + "[";
    std::size_t last = i;
    while (last + 1 < partitions.size() && partitions[last + 1].topic == partitions[i].topic &&
           partitions[last + 1].partition == partitions[last].partition + 1) {
      ++last;
    }
    if (!first) text += ",";
    text += std::to_string(partitions[i].partition);
    if (last > i) text += (last == i + 1 ? "," : "-") + std::to_string(partitions[last].partition);
    i = last + 1;
  }
  return text.empty() ? text : text + "]";
}

std::string members_text(const std::vector<GroupMember>& members) {
  std::string text;
  for (const GroupMember& member : members) {
    text += (text.empty() ? "" : ", ") + Table::printable(member.client_id);
    if (!member.instance_id.empty()) text += " (" + Table::printable(member.instance_id) + ")";
    text += " on " + Table::printable(member.host) + " with " +
            (member.assignment.empty() ? "nothing assigned"
                                       : Table::printable(assignment_text(member.assignment)));
  }
  return text.empty() ? "its members are not known" : text;
}

std::string time_text(std::int64_t ms) {
  return utc_text(ms - ms % 1000);
}

}  // namespace kpipe::kgroups
