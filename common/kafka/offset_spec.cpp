// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/offset_spec.hpp"

#include <algorithm>
#include <future>
#include <limits>
#include <utility>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

constexpr std::string_view from_examples =
    "use earliest, latest, none, an offset, -N (the last N records), @TIME such as "
    "@2026-11-01T00:00Z, or -DURATION such as -1h30m";
constexpr std::string_view to_examples =
    "use earliest, latest, current, an offset, +N or -N (move by N records), @TIME such as "
    "@2026-11-01T00:00Z, or -DURATION such as -1h30m";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<OffsetSpec> parse_word(std::string_view text, OffsetGrammar grammar) {
  using Kind = OffsetSpec::Kind;
  if (text == "earliest" || text == "beginning" || text == "start")
    return OffsetSpec{Kind::earliest, 0};
  if (text == "latest" || text == "end") return OffsetSpec{Kind::latest, 0};
  if (grammar == OffsetGrammar::from && text == "none") return OffsetSpec{Kind::none, 0};
  if (grammar == OffsetGrammar::to && text == "current") return OffsetSpec{Kind::current, 0};
  return std::nullopt;
}

/// Before 1970 is before all records; negative numbers mean other things to Kafka.
OffsetSpec at_time(std::int64_t ms) {
  return {OffsetSpec::Kind::time, std::max<std::int64_t>(ms, 0)};
}

/// "1795246448s", "1795246448000ms": the unit is said, so the number of digits is free.
std::string parse_epoch_unit(std::string_view text, OffsetSpec& spec, bool& is_epoch) {
  constexpr std::size_t seconds_digits = 10;
  const bool ms = text.ends_with("ms");
  const std::string_view digits = text.substr(0, text.size() - (ms ? 2 : text.ends_with('s')));
  is_epoch = digits.size() < text.size() && is_digits(digits);
  if (!is_epoch) return {};
  const auto number = parse_int(digits);
  if (!number || (!ms && *number > std::numeric_limits<std::int64_t>::max() / 1000))
    return "too large for a time";
  if (ms && digits.size() == seconds_digits) {
    return "that is " + utc_text(*number) + ". Did you mean seconds? Write " + std::string(digits) +
           "s";
  }
  spec = at_time(ms ? *number : *number * 1000);
  return {};
}

/// `prefix` is what the text stands behind on the command line, for what to write in its place.
std::string parse_time(std::string_view text, std::string_view prefix, OffsetSpec& spec,
                       const TimeZone* zone) {
  bool is_epoch = false;
  const std::string reason = parse_epoch_unit(text, spec, is_epoch);
  if (is_epoch) return reason;
  const auto wall = parse_wall_time(text);
  if (wall && zone != nullptr) {
    std::int64_t ms = 0;
    std::string refusal = zone->to_utc(*wall, ms);
    if (refusal.empty()) spec = at_time(ms);
    return refusal;
  }
  if (const auto time = parse_timestamp(text)) {
    spec = at_time(*time);
    return {};
  }
  const std::string shown = std::string(prefix) + std::string(text);
  if (wall) {
    return "a date-time without a zone: whose clock? Write " + shown +
           "Z for UTC, or +01:00 in place of Z";
  }
  if (is_digits(text)) {
    return "an epoch has 10 digits (seconds) or 13 (milliseconds), this has " +
           std::to_string(text.size());
  }
  const std::string at(prefix);
  return "not a time. Examples: " + at + "2026-11-01T00:00Z, " + at + "2026-11-01 (UTC), " + at +
         "1795246448 (epoch seconds)";
}

/// What follows a minus.
std::string parse_minus(std::string_view text, OffsetGrammar grammar, std::int64_t now_ms,
                        OffsetSpec& spec) {
  if (is_digits(text)) {
    const auto count = parse_int(text);
    if (!count) return "too large";
    spec = grammar == OffsetGrammar::from ? OffsetSpec{OffsetSpec::Kind::from_end, *count}
                                          : OffsetSpec{OffsetSpec::Kind::shift, -*count};
    return {};
  }
  if (const auto duration = parse_duration(text)) {
    spec = at_time(now_ms - duration->count());
    return {};
  }
  return std::string(grammar == OffsetGrammar::from ? from_examples : to_examples);
}

}  // namespace

std::string parse_offset_spec(std::string_view text, OffsetGrammar grammar, std::int64_t now_ms,
                              OffsetSpec& spec, const TimeZone* zone) {
  if (const auto word = parse_word(text, grammar)) {
    spec = *word;
    return {};
  }
  if (text.starts_with('@')) return parse_time(text.substr(1), "@", spec, zone);
  if (text.starts_with('-')) return parse_minus(text.substr(1), grammar, now_ms, spec);
  const bool shift = grammar == OffsetGrammar::to && text.starts_with('+');
  const std::string_view digits = shift ? text.substr(1) : text;
  if (is_digits(digits)) {
    const auto number = parse_int(digits);
    if (!number) return "too large for an offset";
    spec = {shift ? OffsetSpec::Kind::shift : OffsetSpec::Kind::absolute, *number};
    return {};
  }
  if (parse_timestamp(text) || parse_wall_time(text))
    return "a time is written with @: @" + std::string(text);
  return std::string(grammar == OffsetGrammar::from ? from_examples : to_examples);
}

std::string parse_offset_time(std::string_view text, OffsetSpec& spec, const TimeZone* zone) {
  return parse_time(text, "", spec, zone);
}

std::optional<std::int64_t> time_of(const OffsetSpec& spec) {
  if (spec.kind != OffsetSpec::Kind::time) return std::nullopt;
  return spec.value;
}

std::vector<PartitionLog> read_logs(const Client& client,
                                    const std::vector<TopicPartition>& partitions,
                                    std::optional<std::int64_t> time_ms, StableEnd stable_end) {
  std::vector<PartitionLog> logs;
  if (partitions.empty()) return logs;
  for (const TopicPartition& tp : partitions)
    logs.push_back({tp, -1, -1, -1, -1, RD_KAFKA_RESP_ERR_NO_ERROR});

  // Kafka answers one question a partition and request; the four of them travel together.
  const auto ask = [&](std::int64_t spec, Isolation isolation) {
    return std::async(std::launch::async, [&client, &partitions, spec, isolation] {
      std::vector<OffsetQuery> queries;
      for (const TopicPartition& tp : partitions) queries.push_back({tp, spec});
      return list_offsets(client, queries, isolation);
    });
  };
  std::vector<std::pair<std::int64_t PartitionLog::*, std::future<std::vector<OffsetAnswer>>>>
      asked;
  asked.emplace_back(&PartitionLog::start,
                     ask(OffsetQuery::kEarliest, Isolation::read_uncommitted));
  asked.emplace_back(&PartitionLog::end, ask(OffsetQuery::kLatest, Isolation::read_uncommitted));
  if (stable_end == StableEnd::ask) {
    asked.emplace_back(&PartitionLog::stable_end,
                       ask(OffsetQuery::kLatest, Isolation::read_committed));
  }
  if (time_ms)
    asked.emplace_back(&PartitionLog::at_time, ask(*time_ms, Isolation::read_uncommitted));

  for (auto& [member, future] : asked) {
    const std::vector<OffsetAnswer> answers = future.get();
    for (std::size_t i = 0; i < logs.size(); ++i) {
      if (answers[i].error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        logs[i].*member = answers[i].offset;
      } else {
        logs[i].error = answers[i].error;
      }
    }
  }
  return logs;
}

std::optional<ResolvedOffset> resolve_offset(const OffsetSpec& spec, const PartitionLog& log,
                                             std::int64_t end,
                                             std::optional<std::int64_t> committed) {
  switch (spec.kind) {
    case OffsetSpec::Kind::earliest:
      return ResolvedOffset{log.start};
    case OffsetSpec::Kind::latest:
      return ResolvedOffset{end};
    case OffsetSpec::Kind::absolute:
      return ResolvedOffset{spec.value};
    case OffsetSpec::Kind::from_end:
      return ResolvedOffset{std::max(log.start, end - std::min(end, spec.value))};
    case OffsetSpec::Kind::time:
      if (log.at_time < 0) return ResolvedOffset{end, true};
      return ResolvedOffset{log.at_time};
    case OffsetSpec::Kind::current:
      if (!committed) return std::nullopt;
      return ResolvedOffset{*committed};
    case OffsetSpec::Kind::shift: {
      if (!committed) return std::nullopt;
      std::int64_t moved = 0;
      // Beyond all numbers is beyond the end: for the caller's range check to say.
      if (__builtin_add_overflow(*committed, spec.value, &moved))
        moved = std::numeric_limits<std::int64_t>::max();
      return ResolvedOffset{moved};
    }
    case OffsetSpec::Kind::none:
      break;
  }
  return std::nullopt;
}

}  // namespace kpipe
