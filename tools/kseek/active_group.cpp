// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/active_group.hpp"

#include <poll.h>

#include <algorithm>
#include <map>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "common/cli/output.hpp"
#include "common/kafka/topic_scope.hpp"

namespace kpipe::kseek {
namespace {

/// "orders:0-2,5 payments:1"
std::string assignment_text(const std::vector<TopicPartition>& assignment) {
  if (assignment.empty()) return "no partitions";
  constexpr std::size_t shown = 5;
  std::map<std::string, std::vector<std::int32_t>> by_topic;
  for (const TopicPartition& tp : assignment) by_topic[tp.topic].push_back(tp.partition);
  std::string text;
  std::size_t count = 0;
  for (const auto& [topic, partitions] : by_topic) {
    if (count++ == shown)
      return text + " and " + std::to_string(by_topic.size() - shown) + " topics more";
    text += (text.empty() ? "" : " ") + topic + ":" + partitions_text(partitions);
  }
  return text;
}

/// How long poll(2) may sleep until then.
int ms_until(std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

std::string active_text(const GroupDescription& group) {
  constexpr std::size_t shown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, group.members.size()); ++i) {
    const GroupMember& member = group.members[i];
    text += (text.empty() ? "" : ", ") + Table::printable(member.client_id);
    if (!member.instance_id.empty())
      text += " (static member " + Table::printable(member.instance_id) + ")";
    text += " on " + Table::printable(member.host) + " with " + assignment_text(member.assignment);
  }
  if (group.members.size() > shown)
    text += " and " + std::to_string(group.members.size() - shown) + " members more";
  if (text.empty()) text = "its members are not known";
  return group.group + ": the group is active (" + group.state + "): " + text;
}

void wait_until_empty(const Client& client, const std::vector<std::string>& groups,
                      std::chrono::milliseconds timeout) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds pause{200};
  const auto end = steady_clock::now() + timeout;
  std::vector<std::string> waiting = groups;
  for (bool first = true;; first = false) {
    std::vector<std::string> still;
    for (const GroupDescription& group : describe_groups(client, waiting)) {
      // What went wrong is for the caller to find, who looks again.
      if (!group.active() || group.error != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      still.push_back(group.group);
      if (first) log::notice(active_text(group) + ". Waiting for them to leave");
    }
    if (still.empty() || steady_clock::now() >= end) return;
    waiting = std::move(still);
    pollfd stop{stop::fd(), POLLIN, 0};
    ::poll(&stop, 1, ms_until(std::min(end, steady_clock::now() + pause)));
    if (stop::requested())
      throw Error(Exit::temp_fail, "--wait: stopped by a signal. Nothing was changed");
  }
}

}  // namespace kpipe::kseek
