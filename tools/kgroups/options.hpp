// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/output.hpp"
#include "common/kafka/client.hpp"

namespace kpipe::kgroups {

enum class Command { list, lag };

/// What one line of `kgroups lag` stands for.
enum class LagBy { partition, topic, group };

struct Options {
  ConnectionOptions connection;
  Command command = Command::list;
  std::vector<std::string> groups;  ///< none named: all. No name twice
  LagBy by = LagBy::partition;
  std::optional<std::int64_t> max_lag;  ///< in records, for each line
  OutputFormat output = OutputFormat::ndjson;
};

/// An exit status when there is nothing left to do (--help). Throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace kpipe::kgroups
