// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/output.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/topic_scope.hpp"

namespace kpipe::kseek {

struct Options {
  ConnectionOptions connection;
  std::string group;
  std::vector<TopicScope> topics;
  bool all_topics = false;
  std::optional<OffsetSpec> to;
  std::string to_text;    ///< as typed, for messages
  std::string from_file;  ///< in place of `to` and the topics; "-" is stdin
  bool execute = false;
  bool create_group = false;
  bool clamp = false;
  std::optional<std::int64_t> generation;  ///< unset: one above the group's
  OutputFormat output = OutputFormat::ndjson;
};

/// An exit status when there is nothing left to do (--help). Throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace kpipe::kseek
