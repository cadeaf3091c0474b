// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/topic_scope.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"

namespace kpipe::kseek {
namespace {

/// More partitions than any cluster has: a slip such as 0-99999999 must not take all memory.
constexpr std::int64_t kMaxPartition = 999'999;

struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_int(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_int(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *last < *first || *last > kMaxPartition) return std::nullopt;
  return Range{*first, *last};
}

TopicScope& scope_of(std::string_view topic, std::vector<TopicScope>& scopes, bool& is_new) {
  const auto found = std::find_if(scopes.begin(), scopes.end(),
                                  [&](const TopicScope& s) { return s.topic == topic; });
  is_new = found == scopes.end();
  if (!is_new) return *found;
  scopes.push_back({std::string(topic), {}});
  return scopes.back();
}

void add_partitions(const Range& range, std::vector<std::int32_t>& partitions) {
  for (std::int64_t p = range.first; p <= range.last; ++p)
    partitions.push_back(static_cast<std::int32_t>(p));
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
}

[[noreturn]] void refuse(std::string_view text) {
  throw Error(Exit::usage,
              "-t: '" + std::string(text) +
                  "': expected TOPIC or TOPIC:PARTITIONS, such as orders or orders:0,2-5");
}

}  // namespace

void add_topic_scopes(std::string_view text, std::vector<TopicScope>& scopes) {
  // After "topic:" the comma separates partitions, until something that is none.
  std::string_view open_topic;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    bool is_new = false;
    const auto continued = open_topic.empty() ? std::nullopt : parse_range(item);
    if (continued) {
      TopicScope& scope = scope_of(open_topic, scopes, is_new);
      if (!scope.partitions.empty()) add_partitions(*continued, scope.partitions);
    } else {
      const std::size_t colon = item.find(':');
      const std::string_view topic = item.substr(0, colon);
      if (topic.empty()) refuse(text);
      TopicScope& scope = scope_of(topic, scopes, is_new);
      if (colon == std::string_view::npos) {
        scope.partitions.clear();
        open_topic = {};
      } else {
        const auto range = parse_range(item.substr(colon + 1));
        if (!range) refuse(text);
        // Without partitions it stands for all of them already.
        if (is_new || !scope.partitions.empty()) add_partitions(*range, scope.partitions);
        open_topic = topic;
      }
    }
    if (comma == std::string_view::npos) return;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace kpipe::kseek
