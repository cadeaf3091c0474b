// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/options.hpp"

#include <algorithm>
#include <limits>

#include "common/base/clock.hpp"
#include "common/cli/connection.hpp"
#include "tools/kseek/target_options.hpp"

namespace kpipe::kseek {
namespace {

void add_groups(std::string_view text, std::vector<std::string>& groups) {
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string group(rest.substr(0, comma));
    if (group.empty()) throw Error(Exit::usage, "-g: '" + std::string(text) + "': an empty name");
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
    if (comma == rest.size()) return;
    rest.remove_prefix(comma + 1);
  }
}

void check_target(const Options& options) {
  if (options.groups.empty() && options.target.from_file.empty())
    throw Error(Exit::usage, "-g: no group given. kgroups list shows what is there");
  if (options.target.none() && !options.stored_by) {
    throw Error(Exit::usage,
                "--to: no target given. Examples: --to earliest, --to @2026-11-01T00:00Z, "
                "--to -1000, or --from-file FILE");
  }
}

void check_scope(const Options& options) {
  if (options.names_topics() && options.all_topics) {
    throw Error(Exit::usage, std::string(options.topics.empty() ? "--topic-pattern" : "-t") +
                                 ", --all-topics: one of the two, not both");
  }
  const bool scoped = options.names_topics() || options.all_topics;
  if (!options.target.from_file.empty()) {
    if (scoped) {
      throw Error(Exit::usage,
                  "--from-file: it names the partitions itself. Leave out -t, --topic-pattern and "
                  "--all-topics");
    }
  } else if (!scoped && options.target.from_group.empty() && !options.stored_by) {
    throw Error(Exit::usage,
                "-t: no topic given. Name topics, or use --all-topics for all that the group has "
                "committed");
  }
}

/// What does nothing beside the rest was meant for something else.
void check_companions(const Options& options) {
  const auto only = [](bool given, const char* option, const char* why) {
    if (given) throw Error(Exit::usage, std::string(option) + ": " + why);
  };
  if (options.stored_by) {
    constexpr const char* shows = "cannot stand beside --stored-by, which only shows";
    only(!options.target.none(), "a target", shows);
    only(options.execute, "--execute", shows);
    only(!options.save.empty(), "--save", shows);
    only(options.create_group, "--create-group", shows);
    only(options.clamp, "--clamp", shows);
    only(options.generation.has_value(), "--generation", shows);
  }
  if (options.target.remove) {
    constexpr const char* deletes = "cannot stand beside --delete, which writes no offset";
    only(options.create_group, "--create-group", deletes);
    only(options.clamp, "--clamp", deletes);
    only(options.generation.has_value(), "--generation", deletes);
  }
  only(options.wait && !options.execute, "--wait",
       "only with --execute: a dry run shows active groups as well");
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  ToolApp app("kseek", "show and move the committed offsets of Kafka consumer groups");
  ConnectionArguments connection(app, options.connection);
  CLI::App& cli = app.app();
  const auto add_list = [&](const char* names, std::vector<std::string>& target, const char* type,
                            const char* help) {
    cli.add_option(names, target, help)
        ->type_name(type)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1)
        ->take_all();
  };
  std::vector<std::string> groups;
  std::vector<std::string> topics;
  add_list("-g,--group,-G", groups, "GROUP,...", "The consumer group; several may be named.");
  add_list("-t,--topic", topics, "TOPIC[:0,2-5]",
           "A topic, or some of its partitions; may be repeated.");
  cli.add_option("--topic-pattern", options.topic_pattern,
                 "Topics whose whole name matches this extended regular expression.")
      ->type_name("REGEX");
  cli.add_flag("--all-topics", options.all_topics,
               "All partitions for which the group has a committed offset.");
  TargetOptions target;
  target.add_to(app);
  cli.add_flag("--stored-by", options.stored_by,
               "Only show which sink of kpipe the group's committed offsets are those of.");
  cli.add_flag("--execute", options.execute,
               "Move the offsets. Without it the plan is only shown.");
  bool dry_run = false;
  cli.add_flag("--dry-run", dry_run, "Only show the plan, as without --execute.");
  app.add_duration("--wait", options.wait,
                   "With --execute: wait this long for the members of an active group to leave.");
  cli.add_option("--save", options.save,
                 "Write the offsets as they were to this new file instead of stderr: with "
                 "--from-file it is the way back.")
      ->type_name("FILE");
  cli.add_flag("--create-group", options.create_group, "Allow a group that does not exist yet.");
  cli.add_flag("--clamp", options.clamp,
               "Take the nearest end of the log for a target outside of it.");
  std::int64_t generation = 0;
  CLI::Option* const generation_option =
      app.add_integer("--generation", generation, 1, std::numeric_limits<std::int64_t>::max(),
                      "Mark the move with this generation (default: the group's plus one). Needed "
                      "only when kconsume asks for it, because another tool erased the group's.");
  std::optional<OutputFormat> output;
  add_output_option(app, output);

  if (const auto status = app.parse(argc, argv)) return status;
  const Purpose purpose = options.execute ? Purpose::write : Purpose::read;
  if (const auto status = connection.settle(purpose)) return status;

  if (dry_run && options.execute)
    throw Error(Exit::usage, "--dry-run, --execute: one of the two, not both");
  for (const std::string& group : groups) add_groups(group, options.groups);
  for (const std::string& topic : topics) add_topic_scopes(topic, options.topics);
  if (!options.topic_pattern.empty()) const TopicPattern check(options.topic_pattern);
  if (generation_option->count() > 0) options.generation = generation;
  options.target = target.resolve(wall_clock_ms());
  check_target(options);
  check_scope(options);
  check_companions(options);
  options.output = resolve_output(output);
  return std::nullopt;
}

}  // namespace kpipe::kseek
