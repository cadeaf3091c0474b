// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/output.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/topic_scope.hpp"

namespace kpipe::kseek {

/// Where to go. Exactly one of the members is set, none of them with --stored-by.
struct Target {
  std::optional<OffsetSpec> place;
  std::string text;        ///< of `place` as typed, for messages
  std::string from_file;   ///< "-" is stdin
  std::string from_group;  ///< where that group stands
  bool remove = false;     ///< nowhere: the committed offsets are deleted

  bool none() const { return !place && from_file.empty() && from_group.empty() && !remove; }
};

struct Options {
  ConnectionOptions connection;
  std::vector<std::string> groups;  ///< each once; may be empty with Target::from_file
  std::vector<TopicScope> topics;
  std::string topic_pattern;  ///< empty: none
  bool all_topics = false;    ///< what the group has committed
  Target target;
  bool stored_by = false;
  bool execute = false;
  bool create_group = false;
  bool clamp = false;
  std::optional<std::chrono::milliseconds> wait;  ///< for active groups to become empty
  std::string save;                               ///< file for the prior offsets; empty: stderr
  std::optional<std::int64_t> generation;         ///< unset: one above the group's
  OutputFormat output = OutputFormat::ndjson;

  bool names_topics() const { return !topics.empty() || !topic_pattern.empty(); }
};

/// An exit status when there is nothing left to do (--help). Throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace kpipe::kseek
