// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/other_groups.hpp"

#include <algorithm>
#include <map>

#include "common/kafka/admin_call.hpp"
#include "common/kafka/groups.hpp"

namespace kpipe {
namespace {

/// Of the groups that were called Dead, those that no consumer group's name explains.
void settle_types(const Client& client, std::map<std::string, OtherGroup>& dead) {
  if (dead.empty()) return;
  // Asked after the names: a consumer group made in between is in this list.
  for (const GroupListing& listing : list_groups(client).groups) dead.erase(listing.group);
  std::vector<std::string> names;
  for (const auto& [name, group] : dead) names.push_back(name);
  for (const GroupOffsets& offsets : committed_offsets(client, names)) {
    dead[offsets.group].type = offsets.offsets.empty() ? "Share" : "Streams";
  }
}

}  // namespace

std::vector<OtherGroup> list_other_groups(const Client& client, const std::string& name) {
  const rd_kafka_group_list* raw = nullptr;
  const rd_kafka_resp_err_t code = client.ask([&](int timeout_ms) {
    return rd_kafka_list_groups(client.get(), name.empty() ? nullptr : name.c_str(), &raw,
                                timeout_ms);
  });
  const KafkaGroupList list(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__PARTIAL)
    throw client.error("list groups that are no consumer groups", code);

  std::map<std::string, OtherGroup> classic;
  std::map<std::string, OtherGroup> dead;
  for (int i = 0; list != nullptr && i < list->group_cnt; ++i) {
    const rd_kafka_group_info& info = list->groups[i];
    if (info.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    OtherGroup group{text_or_empty(info.group), text_or_empty(info.state), "Classic",
                     text_or_empty(info.protocol_type),
                     static_cast<std::size_t>(std::max(info.member_cnt, 0))};
    if (group.state == "Dead") {
      dead[group.group] = {group.group, "Unknown", {}, {}, std::nullopt};
    } else if (!group.protocol.empty() && group.protocol != "consumer") {
      classic[group.group] = std::move(group);
    }
  }
  settle_types(client, dead);
  classic.merge(dead);
  std::vector<OtherGroup> groups;
  for (auto& [key, group] : classic) groups.push_back(std::move(group));
  return groups;
}

}  // namespace kpipe
