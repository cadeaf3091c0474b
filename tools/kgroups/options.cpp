// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/options.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "common/cli/connection.hpp"

namespace kpipe::kgroups {
namespace {

const std::map<std::string, LagBy> by_names{
    {"partition", LagBy::partition}, {"topic", LagBy::topic}, {"group", LagBy::group}};

/// CLI11's own repetition of a name would ask Kafka twice, which it refuses.
void drop_repeated(std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  names = std::move(once);
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  ToolApp app("kgroups", "show Kafka consumer groups and how far they lag");
  add_connection_options(app, options.connection);
  std::optional<OutputFormat> output;
  add_output_option(app, output);
  std::string by;
  CLI::Option* const by_option = app.app()
                                     .add_option("--by", by,
                                                 "lag: one line for each partition (default), "
                                                 "topic or group, with the sum of its lag.")
                                     ->type_name("UNIT");
  std::int64_t max_lag = 0;
  CLI::Option* const max_lag_option =
      app.add_integer("--max-lag", max_lag, 0, std::numeric_limits<std::int64_t>::max(),
                      "lag: exit with 1 and name the offenders when a line's lag is above N "
                      "records, or not known.");

  // Options are declared once and work before and after the subcommand.
  app.app().require_subcommand(0, 1);
  const std::string footer = "Options: see kgroups --help";
  app.app()
      .add_subcommand("list", "List the groups with their state and members (default).")
      ->fallthrough()
      ->footer(footer);
  CLI::App* const lag =
      app.app()
          .add_subcommand("lag",
                          "Show for each partition how many records a group has yet to read.")
          ->fallthrough()
          ->footer(footer);
  lag->add_option("group", options.groups, "Groups to show; default: all.")
      ->type_name("GROUP")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);

  if (const auto status = app.parse(argc, argv)) return status;

  options.command = lag->parsed() ? Command::lag : Command::list;
  if (options.command != Command::lag) {
    for (const CLI::Option* option : {by_option, max_lag_option}) {
      if (option->count() > 0)
        throw Error(Exit::usage, option->get_name() + ": only kgroups lag knows it");
    }
  }
  if (!by.empty()) {
    const auto found = by_names.find(by);
    if (found == by_names.end())
      throw Error(Exit::usage, "--by: '" + by + "': unknown. Use partition, topic or group");
    options.by = found->second;
  }
  if (max_lag_option->count() > 0) options.max_lag = max_lag;
  drop_repeated(options.groups);
  if (std::find(options.groups.begin(), options.groups.end(), "") != options.groups.end()) {
    throw Error(Exit::usage, "lag: an empty group name. Leave it out to see all groups");
  }
  options.output = resolve_output(output);
  return std::nullopt;
}

}  // namespace kpipe::kgroups
