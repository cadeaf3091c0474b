// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/run.hpp"

#include "common/base/log.hpp"
#include "common/base/time_zone.hpp"
#include "tools/kseek/active_group.hpp"
#include "tools/kseek/carry_out.hpp"
#include "tools/kseek/options.hpp"
#include "tools/kseek/plan_output.hpp"
#include "tools/kseek/prior_offsets.hpp"
#include "tools/kseek/stored_by.hpp"
#include "tools/kseek/survey.hpp"
#include "tools/kseek/target_file.hpp"

namespace kpipe {
namespace {

using namespace kseek;

/// One group that fails does not keep the others from being moved.
class Failures {
 public:
  void add(const Error& error) {
    log::error(error.what());
    add(error.exit());
  }
  void add(Exit exit) {
    if (exit != Exit::ok && count_++ == 0) first_ = exit;
  }
  /// Of `groups` that were to be moved.
  Exit exit(std::size_t groups) const {
    return count_ == 0 || count_ == groups ? first_ : Exit::check_failed;
  }

 private:
  std::size_t count_ = 0;
  Exit first_ = Exit::ok;
};

GroupPlan plan_for(const Survey& survey, const GroupFacts& facts, const Options& options) {
  const Goal goal = survey.goal_of(facts);
  std::vector<Move> moves = make_plan(goal, survey.logs_of(facts, goal), facts.offsets.offsets);
  if (facts.description.active()) {
    const std::string text = active_text(facts.description);
    if (options.execute) {
      throw Error(Exit::temp_fail, text + (options.wait ? ". They did not leave in time"
                                                        : ". Stop them, then try again, or wait "
                                                          "for them with --wait 30s"));
    }
    log::warning(text + ". They must be stopped before --execute");
  }
  return {facts.offsets.group, std::move(moves)};
}

std::vector<GroupPlan> make_plans(const Survey& survey, const Options& options,
                                  Failures& failures) {
  std::vector<GroupPlan> plans;
  for (const GroupFacts& facts : survey.groups()) {
    try {
      plans.push_back(plan_for(survey, facts, options));
    } catch (const Error& error) {
      failures.add(error);
    }
  }
  return plans;
}

void say_time(const Target& target, const std::vector<GroupPlan>& plans) {
  if (plans.empty() || !target.place || !time_of(*target.place)) return;
  log::notice(target.text + " is " + utc_text(*time_of(*target.place)));
  std::size_t beyond = 0;
  for (const GroupPlan& plan : plans) {
    for (const Move& move : plan.moves) beyond += move.after_last_record ? 1 : 0;
  }
  if (beyond > 0) {
    log::warning(target.text + ": later than the last record of " + std::to_string(beyond) +
                 (beyond == 1 ? " partition: it goes" : " partitions: they go") + " to the end");
  }
}

/// With --execute, the groups that can be moved are.
void act(const Client& client, const Options& options, const std::vector<GroupPlan>& plans,
         Failures& failures) {
  PriorOffsets prior(options.save);
  if (!options.execute) {
    for (const GroupPlan& plan : plans) {
      if (!options.save.empty()) prior.keep(plan);
    }
    if (!plans.empty()) log::notice("dry run: nothing was changed. --execute moves the group");
    return;
  }
  bool changed = false;
  for (const GroupPlan& plan : plans) {
    if (plan.moves.empty()) {
      log::notice(plan.group + ": nothing to change");
      continue;
    }
    prior.keep(plan);
    try {
      const Exit exit = carry_out(client, plan);
      changed = changed || exit == Exit::ok || exit == Exit::check_failed;
      failures.add(exit);
    } catch (const Error& error) {
      changed = true;  // for all that is known
      failures.add(error);
    }
  }
  if (changed) log::notice("undo: " + prior.undo());
}

Exit show_stored_by(const Survey& survey, const Options& options) {
  Failures failures;
  std::vector<GroupOffsets> found;
  for (const GroupFacts& facts : survey.groups()) {
    try {
      survey.check_group(facts);
      GroupOffsets chosen = facts.offsets;
      chosen.offsets = committed_in_scope(options, facts.offsets);
      found.push_back(std::move(chosen));
    } catch (const Error& error) {
      failures.add(error);
    }
  }
  OutBuffer out;
  if (!found.empty()) append_stored_by(out, found, options.output);
  write_stdout(out);
  return failures.exit(survey.groups().size());
}

}  // namespace

int kseek_main(int argc, const char* const* argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  std::map<std::string, Places> file;
  if (!options.target.from_file.empty()) {
    file = read_target_file(options.target.from_file, options.groups);
    options.groups.clear();
    for (const auto& [group, places] : file) options.groups.push_back(group);
  }

  Client client(visitor_config("kseek", options.connection), RD_KAFKA_PRODUCER);
  if (options.wait) wait_until_empty(client, options.groups, *options.wait);
  const Survey survey(client, options, options.groups, file);
  if (options.stored_by) return static_cast<int>(show_stored_by(survey, options));

  Failures failures;
  const std::vector<GroupPlan> plans = make_plans(survey, options, failures);
  OutBuffer out;
  if (!plans.empty()) append_plans(out, plans, options.output);
  write_stdout(out);
  say_time(options.target, plans);
  act(client, options, plans, failures);
  return static_cast<int>(failures.exit(options.groups.size()));
}

}  // namespace kpipe
