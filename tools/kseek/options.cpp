// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/options.hpp"

#include <chrono>
#include <limits>

#include "common/cli/connection.hpp"

namespace kpipe::kseek {
namespace {

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

void check_scope(const Options& options) {
  if (options.group.empty())
    throw Error(Exit::usage, "-g: no group given. kgroups list shows what is there");
  if (options.from_file.empty() == !options.to.has_value()) {
    throw Error(Exit::usage,
                options.to
                    ? "--to, --from-file: one of the two says where to go, not both"
                    : "--to: no target given. Examples: --to earliest, --to @2026-11-01T00:00Z, "
                      "--to -1000, or --from-file FILE");
  }
  const bool named = !options.topics.empty();
  if (!options.from_file.empty()) {
    if (named || options.all_topics) {
      throw Error(Exit::usage,
                  "--from-file: it names the partitions itself. Leave out -t and --all-topics");
    }
    return;
  }
  if (named == options.all_topics) {
    throw Error(Exit::usage, named ? "-t, --all-topics: one of the two, not both"
                                   : "-t: no topic given. Name topics, or use --all-topics for all "
                                     "that the group has committed");
  }
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  ToolApp app("kseek", "show and move the committed offsets of a Kafka consumer group");
  add_connection_options(app, options.connection);
  CLI::App& cli = app.app();
  cli.add_option("-g,--group,-G", options.group, "The consumer group.")->type_name("GROUP");
  std::vector<std::string> topics;
  cli.add_option("-t,--topic", topics, "A topic, or some of its partitions; may be repeated.")
      ->type_name("TOPIC[:0,2-5]")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1)
      ->take_all();
  cli.add_flag("--all-topics", options.all_topics,
               "All partitions for which the group has a committed offset.");
  CLI::Option* const to =
      cli.add_option("--to", options.to_text,
                     "Where to go: earliest, latest, current, an offset, +N or -N (by N records "
                     "from the committed "
                     "offset), @TIME (first record at or after it) or -DURATION (that long ago).")
          ->type_name("PLACE");
  cli.add_option("--from-file", options.from_file,
                 "Go where the checkpoint lines of FILE (- for stdin) say, as printed by kgroups "
                 "lag, kseek or a sink.")
      ->type_name("FILE");
  cli.add_flag("--execute", options.execute,
               "Move the offsets. Without it the plan is only shown.");
  cli.add_flag("--create-group", options.create_group, "Allow a group that does not exist yet.");
  cli.add_flag("--clamp", options.clamp,
               "Take the nearest end of the log for a target outside of it.");
  std::int64_t generation = 0;
  CLI::Option* const generation_option =
      app.add_integer("--generation", generation, 1, std::numeric_limits<std::int64_t>::max(),
                      "Mark the move with this generation (default: the group's plus one). Needed "
                      "only when kconsume asks "
                      "for it, because another tool erased the group's.");
  std::optional<OutputFormat> output;
  add_output_option(app, output);

  if (const auto status = app.parse(argc, argv)) return status;

  for (const std::string& topic : topics) add_topic_scopes(topic, options.topics);
  if (to->count() > 0) {
    OffsetSpec spec;
    const std::string reason =
        parse_offset_spec(options.to_text, OffsetGrammar::to, now_ms(), spec);
    if (!reason.empty()) throw Error(Exit::usage, "--to: '" + options.to_text + "': " + reason);
    options.to = spec;
  }
  if (generation_option->count() > 0) options.generation = generation;
  check_scope(options);
  options.output = resolve_output(output);
  return std::nullopt;
}

}  // namespace kpipe::kseek
