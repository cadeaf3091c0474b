// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/record_times.hpp"
#include "tools/kgroups/failures.hpp"
#include "tools/kgroups/lag.hpp"
#include "tools/kgroups/list.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// All that was asked about one group.
struct GroupView {
  GroupRow row;
  GroupDescription description;  ///< without members where they were not asked for; of groups
                                 ///< that are no consumer groups without a name
  std::vector<PartitionLag> partitions;  ///< describe and lag; by topic and partition
};

/// What Kafka says at one moment.
struct Survey {
  std::int64_t time_ms = 0;  ///< when it was complete, since the epoch
  std::vector<GroupView> groups;
  Failures failures;
  std::size_t parts = 0;  ///< groups that were looked at, failed ones too
};

/// The lines of all groups.
std::vector<PartitionLag> partitions_of(const Survey& survey);

/// Asks Kafka what a command needs to know: many requests at once, and of each no more than Kafka
/// answers at a time. Keeps connections between two takes.
class Surveyor {
 public:
  Surveyor(const Client& client, const Options& options);

  /// Groups that fail are said, counted and left out. Throws Error when nothing can be known.
  Survey take();

 private:
  Survey list();
  Survey look_at_all();
  Survey look_at_named();
  void look_at_logs(Survey& survey);
  void look_at_times(Survey& survey);

  const Client& client_;
  const Options& options_;
  std::unique_ptr<RecordTimeReader> times_;
};

}  // namespace kpipe::kgroups
