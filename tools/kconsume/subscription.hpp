// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "tools/kconsume/options.hpp"

namespace kpipe::kconsume {

/// Which topics and partitions the options mean: now, and when Kafka gets more of them.
class Subscription {
 public:
  explicit Subscription(const Options& options) : options_(options) {}

  /// Looks at Kafka as it is at the start. Throws Error(no_input) for a topic or partition that is
  /// named and not there, or when nothing matches without a group to wait in.
  void resolve(Client& client);

  /// What is there at the start.
  const std::vector<TopicPartition>& partitions() const noexcept { return partitions_; }
  /// For the group's protocol: names, and the pattern as librdkafka wants it ("^(...)$").
  std::vector<std::string> names() const;

  /// Partitions that came since the last look. Without a group nobody else tells.
  std::vector<TopicPartition> discover(Client& client);

  /// Topics of which the group or the sink had an offset when we started.
  void set_begun(std::set<std::string> topics) { begun_ = std::move(topics); }
  /// The partition was made after reading its topic (or, by a pattern, anything) had begun, so
  /// where --from would start it records may have been missed: it is read from its first.
  bool added_later(const TopicPartition& tp) const;

 private:
  std::vector<TopicPartition> look(Client& client) const;
  bool is_named(const std::string& topic) const;

  const Options& options_;
  std::vector<TopicPartition> partitions_;
  std::set<TopicPartition> known_;
  std::set<std::string> begun_;
};

}  // namespace kpipe::kconsume
