// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/topic_scope.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"

namespace kpipe {
namespace {

struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::optional<Range> parse_range(std::string_view text) {
  constexpr std::int64_t widest = 100'000;  // a slip such as 0-99999999 must not take all memory
  const std::size_t dash = text.find('-');
  const auto first = parse_int(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_int(text.substr(dash + 1));
  const bool legal = first && last && *first >= 0 && *last >= *first &&
                     *last <= std::numeric_limits<std::int32_t>::max() && *last - *first <= widest;
  if (!legal) return std::nullopt;
  return Range{*first, *last};
}

std::string checked_name(std::string_view name) {
  if (!is_topic_name(name)) {
    throw Error(Exit::usage, "-t: '" + std::string(name) +
                                 "': not a topic name (letters, digits, '.', '_' and '-')");
  }
  return std::string(name);
}

void widen(std::vector<std::int32_t>& partitions, const std::vector<std::int32_t>& more) {
  partitions.insert(partitions.end(), more.begin(), more.end());
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
}

void add_scope(TopicScope scope, std::vector<TopicScope>& scopes) {
  const auto known = std::find_if(scopes.begin(), scopes.end(),
                                  [&](const TopicScope& s) { return s.topic == scope.topic; });
  if (known == scopes.end()) {
    scopes.push_back(std::move(scope));
  } else if (scope.partitions.empty() || known->partitions.empty()) {
    known->partitions.clear();  // without partitions it stands for all of them
  } else {
    widen(known->partitions, scope.partitions);
  }
}

}  // namespace

bool is_topic_name(std::string_view name) noexcept {
  constexpr std::size_t longest = 249;
  return !name.empty() && name.size() <= longest &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

void add_topic_scopes(std::string_view text, std::vector<TopicScope>& scopes) {
  for (std::string_view rest = text;;) {
    std::size_t end = std::min(rest.find(','), rest.size());
    const std::size_t colon = rest.substr(0, end).find(':');
    TopicScope scope{checked_name(rest.substr(0, std::min(colon, end))), {}};
    if (colon != std::string_view::npos) {
      // On to the comma behind which no number or range follows: there the next topic begins.
      while (end < rest.size()) {
        const std::size_t next = std::min(rest.find(',', end + 1), rest.size());
        const std::string_view item = rest.substr(end + 1, next - end - 1);
        if (item.empty() || item.find_first_not_of("0123456789-") != std::string_view::npos) break;
        end = next;
      }
      scope.partitions = parse_partitions(rest.substr(colon + 1, end - colon - 1));
    }
    add_scope(std::move(scope), scopes);
    if (end == rest.size()) return;
    rest.remove_prefix(end + 1);
  }
}

std::vector<std::int32_t> parse_partitions(std::string_view text, std::string_view option) {
  std::vector<std::int32_t> partitions;
  for (std::string_view rest = text;;) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const auto range = parse_range(rest.substr(0, end));
    if (!range) {
      throw Error(Exit::usage, std::string(option) + ": '" + std::string(text) +
                                   "': not a list of partitions; examples: 3 or 0,2-5");
    }
    for (std::int64_t p = range->first; p <= range->last; ++p)
      partitions.push_back(static_cast<std::int32_t>(p));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  widen(partitions, {});
  return partitions;
}

std::string partitions_text(const std::vector<std::int32_t>& partitions) {
  std::string text;
  for (auto first = partitions.begin(); first != partitions.end();) {
    auto last = first;
    while (std::next(last) != partitions.end() && *std::next(last) == *last + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(*first);
    if (last != first) text += "-" + std::to_string(*last);
    first = std::next(last);
  }
  return text;
}

TopicPattern::TopicPattern(const std::string& text) : internal_(text.starts_with("__")) {
  auto compiled = std::make_unique<regex_t>();
  const int error = ::regcomp(compiled.get(), text.c_str(), REG_EXTENDED);
  if (error != 0) {
    std::array<char, 128> reason{};
    ::regerror(error, compiled.get(), reason.data(), reason.size());
    throw Error(Exit::usage,
                "--topic-pattern: '" + text + "': not a regular expression: " + reason.data());
  }
  regex_.reset(compiled.release());
}

void TopicPattern::Free::operator()(regex_t* regex) const noexcept {
  ::regfree(regex);
  delete regex;
}

bool TopicPattern::matches(const std::string& topic) const {
  if (!internal_ && topic.starts_with("__")) return false;
  // POSIX finds the leftmost match, and the longest there: all of the name, if that matches.
  regmatch_t found{};
  return ::regexec(regex_.get(), topic.c_str(), 1, &found, 0) == 0 && found.rm_so == 0 &&
         static_cast<std::size_t>(found.rm_eo) == topic.size();
}

}  // namespace kpipe
