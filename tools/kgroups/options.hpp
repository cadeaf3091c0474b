// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/output.hpp"
#include "common/kafka/client.hpp"

namespace kpipe::kgroups {

enum class Command { list, describe, lag, delete_groups, topics, brokers, check, connections };

/// What one line of `kgroups lag` stands for.
enum class LagBy { partition, topic, member, group };

struct Options {
  ConnectionOptions connection;
  Command command = Command::list;
  std::vector<std::string> groups;  ///< none named: all. No name twice
  std::vector<std::string> topics;  ///< topics, check: no name twice
  std::vector<std::string> states;  ///< of the groups to show, as normal_name(); none: all
  std::vector<std::string> types;   ///< likewise
  LagBy by = LagBy::partition;
  bool time_lag = false;
  std::optional<std::int64_t> max_lag;                    ///< in records, for each line
  std::optional<std::chrono::milliseconds> max_time_lag;  ///< for each line
  bool execute = false;
  bool internal = false;                           ///< topics: Kafka's own as well
  std::optional<std::chrono::milliseconds> since;  ///< topics: count what came in this time
  std::string config_file;                         ///< connections: empty, the usual places
  OutputFormat output = OutputFormat::ndjson;
  std::string output_file;                         ///< empty: stdout
  std::optional<std::chrono::milliseconds> watch;  ///< absent: once
};

/// An exit status when there is nothing left to do (--help). Throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

/// States and types are spelled in many ways: PreparingRebalance, preparing-rebalance.
std::string normal_name(const std::string& name);

}  // namespace kpipe::kgroups
