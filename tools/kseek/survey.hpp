// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/kafka/groups.hpp"
#include "common/kafka/offset_spec.hpp"
#include "tools/kseek/options.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// What Kafka knows of a group.
struct GroupFacts {
  GroupDescription description;
  GroupOffsets offsets;
};

/// What has to be known for a plan, read with as few round trips as Kafka allows.
class Survey {
 public:
  /// `groups` are those to move. `file` is what --from-file says, otherwise empty. Throws Error
  /// when Kafka cannot be asked, and for a topic or partition named by -t that does not exist.
  Survey(Client& client, const Options& options, const std::vector<std::string>& groups,
         const std::map<std::string, Places>& file);

  const std::vector<GroupFacts>& groups() const noexcept { return groups_; }

  /// Throws Error(no_input) for a group that does not exist, unless it may be created, or Error
  /// with what Kafka said of it.
  void check_group(const GroupFacts& group) const;
  /// Where that group is to go, for make_plan(). Throws as check_group(), and Error(no_input) when
  /// nothing is committed where it is needed (by --from-group's too).
  Goal goal_of(const GroupFacts& group) const;
  /// The logs of the partitions that are to move.
  std::vector<PartitionLog> logs_of(const GroupFacts& group, const Goal& goal) const;

 private:
  void ask_groups(const Client& client, const std::vector<std::string>& names);
  void read_logs_of(const std::set<TopicPartition>& partitions);
  std::vector<TopicPartition> partitions_of(const GroupFacts& group, const Goal& goal) const;

  Client& client_;
  const Options& options_;
  const std::map<std::string, Places>& file_;
  std::vector<GroupFacts> groups_;
  GroupOffsets source_;                ///< of --from-group
  std::vector<TopicPartition> scope_;  ///< of -t and --topic-pattern
  std::map<TopicPartition, PartitionLog> logs_;
};

/// The committed offsets (of `group`) that -t, --topic-pattern and --all-topics choose; all without
/// one of them. Throws Error(no_input) for a named topic or partition where nothing is committed.
std::vector<CommittedOffset> committed_in_scope(const Options& options, const GroupOffsets& group);

}  // namespace kpipe::kseek
