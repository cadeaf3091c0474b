// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/text.hpp"

#include <algorithm>
#include <numeric>

#include "common/base/time_zone.hpp"
#include "common/cli/output.hpp"

namespace kpipe::kgroups {

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

std::string closest_name(const std::string& name, const std::vector<std::string>& names) {
  // Levenshtein's distance, a row at a time.
  const auto distance = [&](const std::string& other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < other.size(); ++j) {
        const std::size_t replaced = diagonal + (name[i] == other[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    return row.back();
  };
  // One slip in four letters; a swap of two counts as two.
  std::size_t best = std::max<std::size_t>(name.size() / 4, 2) + 1;
  std::string closest;
  for (const std::string& other : names) {
    // A short name is near to every other one.
    if (name.size() <= 2) break;
    if (const std::size_t far = distance(other); far < best) {
      best = far;
      closest = other;
    }
  }
  return closest;
}

}  // namespace kpipe::kgroups
