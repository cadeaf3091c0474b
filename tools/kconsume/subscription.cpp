// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/subscription.hpp"

#include <algorithm>

namespace kpipe::kconsume {
std::vector<TopicPartition> Subscription::look(Client& client) const {
  std::vector<TopicPartition> found;
  for (const TopicScope& choice : options_.topics) {
    const std::vector<std::int32_t> all = client.partitions(choice.topic);
    for (const std::int32_t wanted : choice.partitions.empty() ? all : choice.partitions) {
      if (std::find(all.begin(), all.end(), wanted) == all.end()) {
        throw Error(Exit::no_input, to_string(TopicPartition{choice.topic, wanted}) +
                                        ": no such partition: the topic has " +
                                        std::to_string(all.size()));
      }
      found.push_back({choice.topic, wanted});
    }
  }
  if (options_.topic_pattern.empty()) return found;
  const TopicPattern pattern(options_.topic_pattern);
  for (const auto& [topic, count] : client.topics()) {
    if (is_named(topic) || !pattern.matches(topic)) continue;
    for (std::int32_t p = 0; p < count; ++p) found.push_back({topic, p});
  }
  return found;
}

void Subscription::resolve(Client& client) {
  partitions_ = look(client);
  known_ = {partitions_.begin(), partitions_.end()};
  if (partitions_.empty() && (options_.group.empty() || options_.once)) {
    throw Error(Exit::no_input,
                "--topic-pattern: " + options_.topic_pattern + ": no topic matches");
  }
}

std::vector<std::string> Subscription::names() const {
  std::vector<std::string> names;
  for (const TopicScope& choice : options_.topics) names.push_back(choice.topic);
  if (!options_.topic_pattern.empty()) names.push_back("^(" + options_.topic_pattern + ")$");
  return names;
}

std::vector<TopicPartition> Subscription::discover(Client& client) {
  std::vector<TopicPartition> added;
  for (const TopicPartition& tp : look(client)) {
    const auto have = std::find(partitions_.begin(), partitions_.end(), tp);
    if (have == partitions_.end()) added.push_back(tp);
  }
  partitions_.insert(partitions_.end(), added.begin(), added.end());
  return added;
}

bool Subscription::is_named(const std::string& topic) const {
  return std::any_of(options_.topics.begin(), options_.topics.end(),
                     [&](const TopicScope& choice) { return choice.topic == topic; });
}

bool Subscription::added_later(const TopicPartition& tp) const {
  if (!known_.contains(tp) || begun_.contains(tp.topic)) return true;
  return !begun_.empty() && !is_named(tp.topic);
}

}  // namespace kpipe::kconsume
