// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/options.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "common/base/ascii.hpp"
#include "common/cli/connection.hpp"

namespace kpipe::kgroups {
namespace {

const std::map<std::string, LagBy> by_names{{"partition", LagBy::partition},
                                            {"topic", LagBy::topic},
                                            {"member", LagBy::member},
                                            {"group", LagBy::group}};

/// As Kafka names them; what this library does not know of them is Unknown.
constexpr std::array<const char*, 6> state_names{
    "Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Dead", "Unknown"};
constexpr std::array<const char*, 5> type_names{"Classic", "Consumer", "Share", "Streams",
                                                "Unknown"};

/// CLI11's own repetition of a name would ask Kafka twice, which it refuses.
void drop_repeated(std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  names = std::move(once);
}

template <std::size_t N>
void check_names(const std::string& option, std::vector<std::string>& words,
                 const std::array<const char*, N>& known) {
  for (std::string& word : words) {
    const std::string wanted = normal_name(word);
    std::string all;
    for (const char* const name : known) all += (all.empty() ? "" : ", ") + std::string(name);
    if (std::none_of(known.begin(), known.end(),
                     [&](const char* name) { return normal_name(name) == wanted; })) {
      throw Error(Exit::usage, option + ": '" + word + "': unknown. Use " + all);
    }
    word = wanted;
  }
}

/// Options that belong to some commands only.
struct Restriction {
  const CLI::Option* option;
  std::vector<Command> commands;
  std::string who;
};

void check_restrictions(const std::vector<Restriction>& restrictions, Command command) {
  for (const Restriction& restriction : restrictions) {
    const auto& allowed = restriction.commands;
    if (restriction.option->count() > 0 &&
        std::find(allowed.begin(), allowed.end(), command) == allowed.end()) {
      throw Error(Exit::usage,
                  restriction.option->get_name() + ": only kgroups " + restriction.who + " it");
    }
  }
}

void check_groups(const Options& options) {
  const bool must_name =
      options.command == Command::describe || options.command == Command::delete_groups;
  const std::string name = options.command == Command::describe ? "describe"
                           : options.command == Command::lag    ? "lag"
                           : options.command == Command::check  ? "--group"
                                                                : "delete";
  if (must_name && options.groups.empty())
    throw Error(Exit::usage, name + ": no group given. kgroups list shows what is there");
  if (std::find(options.groups.begin(), options.groups.end(), "") != options.groups.end()) {
    throw Error(Exit::usage, name + ": an empty group name" +
                                 (must_name ? "" : ". Leave it out to see all groups"));
  }
  if (std::find(options.topics.begin(), options.topics.end(), "") != options.topics.end())
    throw Error(Exit::usage, "an empty topic name");
  if (!options.groups.empty() && (!options.states.empty() || !options.types.empty()))
    throw Error(Exit::usage, "--state, --type: choose among all groups. Name none beside them");
}

void check_output(const Options& options) {
  const bool prometheus = options.output == OutputFormat::prometheus;
  if (prometheus && options.command != Command::list && options.command != Command::lag)
    throw Error(Exit::usage, "--output prometheus: only kgroups list and lag know it");
  if (prometheus && options.watch && options.output_file.empty()) {
    throw Error(Exit::usage,
                "--output prometheus: --watch would write one exposition after another. Add "
                "--output-file FILE, which is replaced each time");
  }
  if (options.watch && options.watch->count() == 0)
    throw Error(Exit::usage, "--watch: 0 would ask Kafka without a pause. Example: --watch 5s");
}

}  // namespace

std::string normal_name(const std::string& name) {
  std::string normal;
  for (const char c : name) {
    if (c != '-' && c != '_') normal += lower(c);
  }
  return normal;
}

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  ToolApp app("kgroups", "show Kafka consumer groups and how far they lag");
  ConnectionArguments connection(app, options.connection);
  std::optional<OutputFormat> output;
  add_output_option(app, output, true);
  CLI::App& cli = app.app();
  CLI::Option* const file_option =
      cli.add_option("--output-file", options.output_file,
                     "Write to FILE in place of standard output. It is replaced as a whole, so "
                     "that no reader sees half of it.")
          ->type_name("FILE");
  CLI::Option* const watch_option = app.add_duration(
      "--watch", options.watch,
      "Ask again and again, this long apart, until interrupted. lag adds rates and the time until "
      "the group has caught up.");
  CLI::Option* const state_option =
      cli.add_option("--state", options.states,
                     "list, lag: only groups in these states, such as Stable or Empty.")
          ->type_name("STATE,...")
          ->delimiter(',');
  CLI::Option* const type_option =
      cli.add_option("--type", options.types,
                     "list, lag: only groups of these types: classic, consumer, share, streams.")
          ->type_name("TYPE,...")
          ->delimiter(',');
  std::string by;
  CLI::Option* const by_option =
      cli.add_option("--by", by,
                     "lag: one line for each partition (default), topic, member or group, with the "
                     "sum of its lag. topics: for each partition (default of named ones) or topic.")
          ->type_name("UNIT");
  CLI::Option* const time_option =
      cli.add_flag("--time-lag", options.time_lag,
                   "lag: show how old the first record is that the group has not read. The record "
                   "is read, which needs READ on the topic.");
  std::int64_t max_lag = 0;
  CLI::Option* const max_lag_option =
      app.add_integer("--max-lag", max_lag, 0, std::numeric_limits<std::int64_t>::max(),
                      "lag: exit with 1 and name the offenders when a line's lag is above N "
                      "records, or not known.");
  CLI::Option* const max_time_option = app.add_duration(
      "--max-time-lag", options.max_time_lag,
      "lag: exit with 1 and name the offenders when the first unread record of a line is older, or "
      "its age not known.");
  CLI::Option* const execute_option = cli.add_flag(
      "--execute", options.execute, "delete: do it. Without it delete shows what it would do.");

  CLI::Option* const topic_option =
      cli.add_option("-t,--topic", options.topics,
                     "check: a topic that is to be read; may be repeated.")
          ->type_name("TOPIC")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* const group_option =
      cli.add_option("-g,--group", options.groups,
                     "check: a group that is to read; may be repeated.")
          ->type_name("GROUP")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* const internal_option =
      cli.add_flag("--internal", options.internal, "topics: show Kafka's own topics as well.");
  CLI::Option* const since_option =
      app.add_duration("--since", options.since, "topics: count the records of the last DURATION.");

  // Options are declared once and work before and after the subcommand.
  cli.require_subcommand(0, 1);
  const auto add_command = [&](const char* name, const char* help) {
    return cli.add_subcommand(name, help)->fallthrough()->footer("Options: see kgroups --help");
  };
  const auto add_groups = [&](CLI::App* command, const char* help) {
    command->add_option("group", options.groups, help)
        ->type_name("GROUP")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  add_command("list", "List the groups with their state and members (default).");
  CLI::App* const describe = add_command(
      "describe", "Show all of a group: its members and what each reads, offsets, lag.");
  add_groups(describe, "Groups to show.");
  CLI::App* const lag =
      add_command("lag", "Show for each partition how many records a group has yet to read.");
  add_groups(lag, "Groups to show; default: all.");
  CLI::App* const del = add_command(
      "delete", "Delete groups with what they have committed; without --execute a dry run.");
  add_groups(del, "Groups to delete.");
  CLI::App* const topics = add_command(
      "topics", "Show topics with their records, replicas and the time of the newest record.");
  topics
      ->add_option("topic", options.topics, "Topics to show by partition; default: all, by topic.")
      ->type_name("TOPIC")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::App* const brokers =
      add_command("brokers", "Show the brokers and how many partitions each leads and holds.");
  CLI::App* const check = add_command(
      "check",
      "Try each step on the way to the brokers, topics and groups, and say what is wrong.");

  CLI::App* const connections =
      add_command("connections", "List the profiles of the configuration; connects to nothing.");

  if (const auto status = app.parse(argc, argv)) return status;

  options.command = lag->parsed()           ? Command::lag
                    : describe->parsed()    ? Command::describe
                    : del->parsed()         ? Command::delete_groups
                    : topics->parsed()      ? Command::topics
                    : brokers->parsed()     ? Command::brokers
                    : check->parsed()       ? Command::check
                    : connections->parsed() ? Command::connections
                                            : Command::list;
  if (options.command == Command::connections) {
    options.config_file = connection.only_config_file("kgroups connections");
  } else if (const auto status =
                 connection.settle(options.execute ? Purpose::write : Purpose::read)) {
    return status;
  }
  const std::vector<Command> only_lag{Command::lag};
  check_restrictions({{by_option, {Command::lag, Command::topics}, "lag and topics know"},
                      {time_option, only_lag, "lag knows"},
                      {max_lag_option, only_lag, "lag knows"},
                      {max_time_option, only_lag, "lag knows"},
                      {state_option, {Command::list, Command::lag}, "list and lag know"},
                      {type_option, {Command::list, Command::lag}, "list and lag know"},
                      {watch_option,
                       {Command::list, Command::describe, Command::lag},
                       "list, describe and lag know"},
                      {file_option,
                       {Command::list, Command::describe, Command::lag},
                       "list, describe and lag know"},
                      {execute_option, {Command::delete_groups}, "delete knows"},
                      {topic_option, {Command::check}, "check knows"},
                      {group_option, {Command::check}, "check knows"},
                      {internal_option, {Command::topics}, "topics knows"},
                      {since_option, {Command::topics}, "topics knows"}},
                     options.command);
  if (!by.empty()) {
    const auto found = by_names.find(by);
    if (found == by_names.end())
      throw Error(Exit::usage,
                  "--by: '" + by + "': unknown. Use partition, topic, member or group");
    options.by = found->second;
  }
  if (options.command == Command::topics) {
    if (options.by == LagBy::member || options.by == LagBy::group)
      throw Error(Exit::usage, "--by: '" + by + "': topics have none. Use partition or topic");
    if (by.empty()) options.by = options.topics.empty() ? LagBy::topic : LagBy::partition;
  }
  if (max_lag_option->count() > 0) options.max_lag = max_lag;
  if (options.max_time_lag || options.command == Command::describe) options.time_lag = true;
  check_names("--state", options.states, state_names);
  check_names("--type", options.types, type_names);
  drop_repeated(options.groups);
  drop_repeated(options.topics);
  check_groups(options);
  if (file_option->count() > 0 && options.output_file.empty())
    throw Error(Exit::usage, "--output-file: an empty name");
  options.output =
      resolve_output(!output && !options.output_file.empty() ? OutputFormat::ndjson : output);
  check_output(options);
  return std::nullopt;
}

}  // namespace kpipe::kgroups
