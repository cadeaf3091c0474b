// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/wire/checkpoint.hpp"

namespace kpipe::kseek {

/// A topic, with the partitions wanted of it in ascending order (none named: all).
struct TopicScope {
  std::string topic;
  std::vector<std::int32_t> partitions;

  bool operator==(const TopicScope&) const = default;
};

/// "orders", "orders:0,2-5", "orders,payments:3": adds to `scopes`. A topic named twice is widened.
/// Throws Error(usage).
void add_topic_scopes(std::string_view text, std::vector<TopicScope>& scopes);

}  // namespace kpipe::kseek
