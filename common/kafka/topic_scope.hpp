// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

// Topics and partitions as people name them, the same in every tool's -t and --topic-pattern.

/// A topic, with the partitions wanted of it in ascending order (none named: all).
struct TopicScope {
  std::string topic;
  std::vector<std::int32_t> partitions;

  bool operator==(const TopicScope&) const = default;
};

/// What a broker takes for a topic's name (Kafka's Topic.validate()).
bool is_topic_name(std::string_view name) noexcept;

/// "orders", "orders:0,2-5", "orders,payments:3": adds to `scopes`. A comma ends a topic unless
/// partitions are being listed; a topic named twice is widened. Throws Error(usage).
void add_topic_scopes(std::string_view text, std::vector<TopicScope>& scopes);

/// "0,2-5" -> {0,2,3,4,5}. Throws Error(usage) that begins with `option` and shows `text`.
std::vector<std::int32_t> parse_partitions(std::string_view text, std::string_view option = "-t");

/// {0,2,3,4,5} -> "0,2-5". In ascending order.
std::string partitions_text(const std::vector<std::int32_t>& partitions);

/// --topic-pattern: a POSIX extended regular expression of whole names, by the C library as in
/// librdkafka's subscriptions. Kafka's own topics (offsets, transactions) match only a pattern that
/// asks for them by a leading "__".
class TopicPattern {
 public:
  /// Throws Error(usage).
  explicit TopicPattern(const std::string& text);

  bool matches(const std::string& topic) const;

 private:
  struct Free {
    void operator()(regex_t* regex) const noexcept;
  };
  bool internal_;
  std::unique_ptr<regex_t, Free> regex_;
};

}  // namespace kpipe
