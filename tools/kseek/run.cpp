// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "tools/kseek/options.hpp"
#include "tools/kseek/plan.hpp"
#include "tools/kseek/plan_output.hpp"
#include "tools/kseek/target_file.hpp"

namespace kpipe {
namespace {

using namespace kseek;

/// The topics to look up: those of -t, or those of the file with their partitions.
std::vector<TopicScope> wanted_scopes(const Options& options,
                                      const std::vector<Checkpoint>& targets) {
  if (options.from_file.empty()) return options.topics;
  std::map<std::string, std::vector<std::int32_t>> by_topic;
  for (const Checkpoint& target : targets) by_topic[target.tp.topic].push_back(target.tp.partition);
  std::vector<TopicScope> scopes;
  for (auto& [topic, partitions] : by_topic) scopes.push_back({topic, std::move(partitions)});
  return scopes;
}

/// The partitions that a scope stands for, all of which exist.
std::vector<TopicPartition> expand(Client& client, const TopicScope& scope) {
  const std::vector<std::int32_t> known = client.partitions(scope.topic);
  const std::set<std::int32_t> existing(known.begin(), known.end());
  std::vector<TopicPartition> result;
  if (scope.partitions.empty()) {
    for (const std::int32_t partition : existing) result.push_back({scope.topic, partition});
    return result;
  }
  for (const std::int32_t partition : scope.partitions) {
    const TopicPartition tp{scope.topic, partition};
    if (!existing.contains(partition)) {
      throw Error(Exit::no_input, to_string(tp) + ": no such partition. The topic has " +
                                      std::to_string(existing.size()) + ", 0 to " +
                                      std::to_string(existing.size() - 1));
    }
    result.push_back(tp);
  }
  return result;
}

struct Facts {
  GroupDescription group;
  std::vector<CommittedOffset> committed;
  std::vector<TopicPartition> partitions;
};

/// What Kafka knows, asked for at once: the answers do not depend on each other.
Facts read_facts(Client& client, const Options& options, const std::vector<TopicScope>& scopes) {
  auto described =
      std::async(std::launch::async, [&] { return describe_groups(client, {options.group}); });
  auto offsets =
      std::async(std::launch::async, [&] { return committed_offsets(client, {options.group}); });
  Facts facts;
  for (const TopicScope& scope : scopes) {
    const std::vector<TopicPartition> expanded = expand(client, scope);
    facts.partitions.insert(facts.partitions.end(), expanded.begin(), expanded.end());
  }
  facts.group = described.get().at(0);
  const GroupOffsets committed = offsets.get().at(0);
  if (committed.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw client.error(options.group + ": committed offsets", committed.error,
                       committed.error_text);
  }
  facts.committed = committed.offsets;
  if (options.all_topics) {
    for (const CommittedOffset& offset : facts.committed) {
      if (offset.offset >= 0) facts.partitions.push_back(offset.tp);
    }
  }
  return facts;
}

void check_group(const Client& client, const Options& options, const Facts& facts) {
  if (!facts.group.exists() && facts.committed.empty()) {
    if (options.create_group) return;
    throw Error(Exit::no_input,
                options.group +
                    ": no such group. kgroups list shows what is there; --create-group makes it");
  }
  if (facts.group.exists() && facts.group.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw client.error(options.group + ": members", facts.group.error, facts.group.error_text);
  }
}

std::vector<PartitionLog> look_at_logs(const Client& client, const Options& options,
                                       const std::vector<TopicPartition>& partitions) {
  std::vector<PartitionLog> logs = read_logs(
      client, partitions, options.to ? time_of(*options.to) : std::optional<std::int64_t>());
  for (const PartitionLog& log : logs) {
    if (log.error != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw client.error(to_string(log.tp) + ": read the log's ends", log.error);
  }
  return logs;
}

/// Who holds an active group, and with what, so that the reader knows what to stop.
std::string members_text(const GroupDescription& group) {
  std::string text;
  for (const GroupMember& member : group.members) {
    text += (text.empty() ? "" : ", ") + Table::printable(member.client_id);
    if (!member.instance_id.empty()) text += " (" + Table::printable(member.instance_id) + ")";
    text += " on " + Table::printable(member.host) + " with " +
            std::to_string(member.assignment.size()) + " partitions";
  }
  return text.empty() ? "its members are not known" : text;
}

std::string active_text(const GroupDescription& group) {
  return group.group + ": the group is active (" + group.state + "): " + members_text(group);
}

/// Prior offsets first: they must be known even if this process ends in the middle.
void print_prior(const std::string& group, const std::vector<Move>& moves) {
  OutBuffer out;
  append_prior(out, group, moves);
  const int error = write_all(STDERR_FILENO, out.view());
  if (error != 0)
    throw system_error("stderr: the prior offsets, needed for undo, could not be written", error);
}

Exit execute(const Client& client, const std::string& group, const std::vector<Move>& moves) {
  print_prior(group, moves);
  std::vector<CommittedOffset> offsets;
  for (const Move& move : moves) {
    offsets.push_back({move.tp, move.target, move.metadata.text(), RD_KAFKA_RESP_ERR_NO_ERROR});
  }
  const std::vector<CommittedOffset> results = alter_offsets(client, group, std::move(offsets));
  std::size_t failed = 0;
  Exit exit = Exit::ok;
  for (const CommittedOffset& result : results) {
    if (result.error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const bool joined = result.error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    const Error error =
        client.error(group + ": " + to_string(result.tp) + ": not moved", result.error,
                     joined ? "the group has become active. Stop its members and try again" : "");
    log::error(error.what());
    if (failed++ == 0) exit = error.exit();
  }
  if (failed > 0) return failed == results.size() ? exit : Exit::check_failed;
  log::notice(group + ": " + std::to_string(results.size()) + " partitions moved. Undo: kseek -g " +
              group + " --from-file with the lines above");
  return Exit::ok;
}

}  // namespace

int kseek_main(int argc, const char* const* argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  std::vector<Checkpoint> targets;
  if (!options.from_file.empty()) {
    targets = read_target_file(options.from_file);
    if (targets.empty())
      throw Error(Exit::data, "--from-file: " + options.from_file + ": no offsets in it");
  }

  Client client(visitor_config("kseek", options.connection), RD_KAFKA_PRODUCER);
  const Facts facts = read_facts(client, options, wanted_scopes(options, targets));
  check_group(client, options, facts);
  if (facts.partitions.empty()) {
    throw Error(
        Exit::no_input,
        options.group + ": nothing committed, so --all-topics stands for none. Name them with -t");
  }
  const Goal goal{options.to, options.to_text, std::move(targets), options.clamp,
                  options.generation};
  const std::vector<Move> moves =
      make_plan(goal, look_at_logs(client, options, facts.partitions), facts.committed);

  const bool active = facts.group.active();
  if (active && options.execute) {
    throw Error(Exit::temp_fail, active_text(facts.group) + ". Stop them, then try again");
  }
  OutBuffer out;
  append_plan(out, options.group, moves, options.output);
  write_stdout(out);
  if (options.execute) return static_cast<int>(execute(client, options.group, moves));
  if (active) log::warning(active_text(facts.group) + ". They must be stopped before --execute");
  log::notice("dry run: nothing was changed. --execute moves the group");
  return static_cast<int>(Exit::ok);
}

}  // namespace kpipe
