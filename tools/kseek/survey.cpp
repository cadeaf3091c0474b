// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/survey.hpp"

#include <algorithm>
#include <future>
#include <set>

namespace kpipe::kseek {
namespace {

[[noreturn]] void refuse_partition(const TopicPartition& tp, std::int32_t count) {
  throw Error(Exit::no_input, to_string(tp) + ": no such partition. The topic has " +
                                  std::to_string(count) + ", 0 to " + std::to_string(count - 1));
}

/// Throws Error(no_input) for the first that is not there.
void refuse_missing(Client& client, const std::vector<PartitionLog>& logs) {
  std::map<std::string, std::int32_t> counts;
  for (const PartitionLog& log : logs) {
    const auto [count, is_new] = counts.try_emplace(log.tp.topic);
    if (is_new) count->second = static_cast<std::int32_t>(client.partitions(log.tp.topic).size());
    if (log.tp.partition >= count->second) refuse_partition(log.tp, count->second);
  }
}

/// How many partitions each topic has: of all topics in one request where that saves some.
std::map<std::string, std::int32_t> partition_counts(Client& client, const Options& options) {
  std::map<std::string, std::int32_t> counts;
  if (options.topics.size() > 1 || !options.topic_pattern.empty()) counts = client.topics();
  for (const TopicScope& scope : options.topics) {
    // By itself for the reason, if it was not among all.
    if (!counts.contains(scope.topic))
      counts[scope.topic] = static_cast<std::int32_t>(client.partitions(scope.topic).size());
  }
  return counts;
}

/// The partitions that -t and --topic-pattern stand for, all of which exist.
std::vector<TopicPartition> partitions_in_scope(Client& client, const Options& options) {
  if (!options.names_topics()) return {};
  const std::map<std::string, std::int32_t> counts = partition_counts(client, options);
  std::set<TopicPartition> found;
  std::set<std::string> named;
  for (const TopicScope& scope : options.topics) {
    named.insert(scope.topic);
    const std::int32_t count = counts.at(scope.topic);
    for (const std::int32_t partition : scope.partitions) {
      if (partition >= count) refuse_partition({scope.topic, partition}, count);
      found.insert({scope.topic, partition});
    }
    for (std::int32_t p = 0; scope.partitions.empty() && p < count; ++p)
      found.insert({scope.topic, p});
  }
  if (!options.topic_pattern.empty()) {
    const TopicPattern pattern(options.topic_pattern);
    bool any = false;
    for (const auto& [topic, count] : counts) {
      if (!pattern.matches(topic)) continue;
      any = true;
      for (std::int32_t p = 0; !named.contains(topic) && p < count; ++p) found.insert({topic, p});
    }
    if (!any) {
      throw Error(Exit::no_input, "--topic-pattern: " + options.topic_pattern +
                                      ": no topic matches. It must match the whole name");
    }
  }
  return {found.begin(), found.end()};
}

/// Those whose offset could not be read too: nobody knows that there is none.
std::vector<CommittedOffset> with_offset(const GroupOffsets& group) {
  std::vector<CommittedOffset> offsets;
  std::copy_if(group.offsets.begin(), group.offsets.end(), std::back_inserter(offsets),
               [](const CommittedOffset& offset) {
                 return offset.offset >= 0 || offset.error != RD_KAFKA_RESP_ERR_NO_ERROR;
               });
  return offsets;
}

[[noreturn]] void nothing_committed(const std::string& group, const std::string& where) {
  throw Error(Exit::no_input, group + ": nothing committed" + (where.empty() ? "" : " for ") +
                                  where + ". kgroups lag shows what is");
}

}  // namespace

std::vector<CommittedOffset> committed_in_scope(const Options& options, const GroupOffsets& group) {
  const std::vector<CommittedOffset> committed = with_offset(group);
  if (committed.empty()) nothing_committed(group.group, "");
  if (!options.names_topics()) return committed;

  std::map<TopicPartition, CommittedOffset> chosen;
  for (const TopicScope& scope : options.topics) {
    std::set<std::int32_t> wanted(scope.partitions.begin(), scope.partitions.end());
    bool any = false;
    for (const CommittedOffset& offset : committed) {
      if (offset.tp.topic != scope.topic) continue;
      if (!scope.partitions.empty() && wanted.erase(offset.tp.partition) == 0) continue;
      any = true;
      chosen.emplace(offset.tp, offset);
    }
    if (!wanted.empty())
      nothing_committed(group.group, to_string(TopicPartition{scope.topic, *wanted.begin()}));
    if (!any) nothing_committed(group.group, scope.topic);
  }
  if (!options.topic_pattern.empty()) {
    const TopicPattern pattern(options.topic_pattern);
    const auto is_named = [&](const std::string& topic) {
      return std::any_of(options.topics.begin(), options.topics.end(),
                         [&](const TopicScope& scope) { return scope.topic == topic; });
    };
    bool any = false;
    for (const CommittedOffset& offset : committed) {
      if (!pattern.matches(offset.tp.topic)) continue;
      any = true;
      if (!is_named(offset.tp.topic)) chosen.emplace(offset.tp, offset);
    }
    if (!any) nothing_committed(group.group, options.topic_pattern);
  }
  std::vector<CommittedOffset> result;
  for (auto& [tp, offset] : chosen) result.push_back(std::move(offset));
  return result;
}

Survey::Survey(Client& client, const Options& options, const std::vector<std::string>& groups,
               const std::map<std::string, Places>& file)
    : client_(client), options_(options), file_(file) {
  // The answers do not depend on each other: all questions go out at once.
  auto facts = std::async(std::launch::async, [&] { ask_groups(client, groups); });
  std::set<TopicPartition> known;
  for (const auto& [group, places] : file) {
    for (const auto& [tp, place] : places) known.insert(tp);
  }
  if (options.target.place) {
    scope_ = partitions_in_scope(client, options);
    known.insert(scope_.begin(), scope_.end());
  }
  read_logs_of(known);
  facts.get();

  std::set<TopicPartition> more;
  for (const GroupFacts& group : groups_) {
    try {
      for (const TopicPartition& tp : partitions_of(group, goal_of(group))) {
        if (!logs_.contains(tp)) more.insert(tp);
      }
    } catch (const Error&) {
      // Said when the plan of this group is asked for.
    }
  }
  read_logs_of(more);
}

void Survey::ask_groups(const Client& client, const std::vector<std::string>& names) {
  std::vector<std::string> with_source = names;
  const std::string& source = options_.target.from_group;
  const auto same = std::find(names.begin(), names.end(), source);
  if (!source.empty() && same == names.end()) with_source.push_back(source);

  auto described = std::async(std::launch::async, [&] { return describe_groups(client, names); });
  std::vector<GroupOffsets> offsets = committed_offsets(
      client, with_source, options_.stored_by ? PendingOffsets::pass_over : PendingOffsets::refuse);
  if (!source.empty()) {
    source_ = offsets[static_cast<std::size_t>(same - names.begin())];
  }
  std::vector<GroupDescription> descriptions = described.get();
  for (std::size_t i = 0; i < names.size(); ++i)
    groups_.push_back({std::move(descriptions.at(i)), std::move(offsets[i])});
}

void Survey::read_logs_of(const std::set<TopicPartition>& partitions) {
  const Target& target = options_.target;
  std::vector<PartitionLog> logs =
      read_logs(client_, {partitions.begin(), partitions.end()},
                target.place ? time_of(*target.place) : std::nullopt, StableEnd::skip);
  const bool any = std::any_of(logs.begin(), logs.end(), [](const PartitionLog& log) {
    return log.error == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
  // Beside others, a missing one is said with the plan of its group. Alone, it says all.
  if (!any) refuse_missing(client_, logs);
  for (PartitionLog& log : logs) {
    const TopicPartition tp = log.tp;
    logs_[tp] = std::move(log);
  }
}

void Survey::check_group(const GroupFacts& group) const {
  const GroupDescription& description = group.description;
  const std::string& name = group.offsets.group;
  if (group.offsets.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw client_.error(name + ": committed offsets", group.offsets.error, group.offsets.error_text,
                        {"Read", "group", name});
  }
  if (!description.exists() && group.offsets.offsets.empty()) {
    if (options_.create_group) return;
    const bool makes = !options_.target.remove && !options_.stored_by;
    throw Error(Exit::no_input, name + ": no such group. kgroups list shows what is there" +
                                    (makes ? "; --create-group makes it" : ""));
  }
  if (description.exists() && description.error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw client_.error(name + ": members", description.error, description.error_text,
                        {"Read", "group", name});
}

Goal Survey::goal_of(const GroupFacts& group) const {
  check_group(group);
  const Target& target = options_.target;
  Goal goal{target.place, target.text, {}, options_.clamp, options_.generation};
  if (!target.from_file.empty()) goal.places = file_.at(group.offsets.group);
  if (target.remove) {
    for (const CommittedOffset& offset : committed_in_scope(options_, group.offsets))
      goal.places[offset.tp] = {};
  }
  if (!target.from_group.empty()) {
    if (source_.error != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw client_.error("--from-group: " + target.from_group, source_.error, source_.error_text,
                          {"Describe", "group", target.from_group});
    for (const CommittedOffset& offset : committed_in_scope(options_, source_)) {
      check_committed(offset);
      goal.places[offset.tp] = {offset.offset};
    }
  }
  return goal;
}

std::vector<TopicPartition> Survey::partitions_of(const GroupFacts& group, const Goal& goal) const {
  std::vector<TopicPartition> partitions;
  if (!goal.spec) {
    for (const auto& [tp, place] : goal.places) partitions.push_back(tp);
  } else if (options_.all_topics) {
    for (const CommittedOffset& offset : with_offset(group.offsets))
      partitions.push_back(offset.tp);
    if (partitions.empty()) {
      throw Error(Exit::no_input,
                  group.offsets.group +
                      ": nothing committed, so --all-topics stands for none. Name them with -t");
    }
  } else {
    partitions = scope_;
  }
  return partitions;
}

std::vector<PartitionLog> Survey::logs_of(const GroupFacts& group, const Goal& goal) const {
  std::vector<PartitionLog> logs;
  for (const TopicPartition& tp : partitions_of(group, goal)) logs.push_back(logs_.at(tp));
  return logs;
}

}  // namespace kpipe::kseek
