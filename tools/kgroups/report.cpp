// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/report.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "common/base/stop.hpp"
#include "tools/kgroups/delivery.hpp"
#include "tools/kgroups/describe_output.hpp"
#include "tools/kgroups/lag_output.hpp"
#include "tools/kgroups/limits.hpp"
#include "tools/kgroups/prometheus.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch())
      .count();
}

std::vector<GroupRow> rows_of(const Survey& survey) {
  std::vector<GroupRow> rows;
  for (const GroupView& view : survey.groups) rows.push_back(view.row);
  return rows;
}

bool redraws(const Options& options) {
  return options.watch && options.output == OutputFormat::table && options.output_file.empty() &&
         ::isatty(STDOUT_FILENO) == 1;
}

/// Waits until `when`, or for a signal.
void wait_until(Clock::time_point when) {
  while (!stop::requested()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(when - Clock::now()).count();
    if (left <= 0) return;
    pollfd signal{stop::fd(), POLLIN, 0};
    constexpr std::int64_t hour_ms = 3'600'000;
    ::poll(&signal, 1, static_cast<int>(std::min(left + 1, hour_ms)));
  }
}

}  // namespace

Report::Report(const Client& client, const Options& options)
    : options_(options), surveyor_(client, options) {}

OutBuffer Report::render(const Survey& survey, const std::vector<LagSum>& sums) {
  OutBuffer out;
  if (options_.output == OutputFormat::prometheus) {
    append_prometheus(out, survey, sums, options_);
    return out;
  }
  LagLayout layout;
  layout.format = options_.output;
  layout.time_lag = options_.time_lag;
  layout.colours = options_.output_file.empty() && stdout_has_colours();
  if (options_.watch) layout.time_ms = survey.time_ms;
  if (options_.command == Command::list) {
    append_group_rows(out, rows_of(survey), layout.format, layout.time_ms, layout.colours);
  } else if (options_.command == Command::describe) {
    append_descriptions(out, survey, layout);
  } else {
    if (options_.watch) layout.rates = rates_.update(sums, steady_ms());
    if (options_.by == LagBy::partition) {
      append_partition_lags(out, partitions_of(survey), layout);
    } else {
      append_lag_sums(out, sums, options_.by, layout);
    }
  }
  return out;
}

void Report::deliver(const Survey& survey, const OutBuffer& text) {
  const std::string heading =
      time_text(survey.time_ms) +
      (options_.watch ? ", every " + duration_text(options_.watch->count()) : "");
  if (!options_.output_file.empty()) {
    replace_file(options_.output_file, text);
  } else if (redraws(options_)) {
    reader_gone_ = !redraw(heading, text);
  } else if (options_.watch && options_.output == OutputFormat::table) {
    OutBuffer block;
    block.append(heading + "\n");
    block.append(text.view());
    block.append('\n');
    reader_gone_ = !write_stdout(block);
  } else {
    reader_gone_ = !write_stdout(text);
  }
}

/// Says what is wrong beside what failed before.
void Report::check(Survey& survey, const std::vector<LagSum>& sums) {
  std::vector<std::string> lineless;
  for (const GroupView& view : survey.groups) {
    for (const PartitionLag& row : view.partitions) {
      // describe shows the age as far as the caller may read the topic; lag was asked for it.
      const std::string& error =
          row.error.empty() && options_.command == Command::lag ? row.time_error : row.error;
      if (!error.empty())
        survey.failures.add_check(row.group + " " + to_string(row.tp) + ": " + error);
    }
    // A group that is no consumer group has no description.
    const bool named = !options_.groups.empty() && !view.description.group.empty();
    if (named && view.partitions.empty()) lineless.push_back(view.row.group);
  }
  const std::vector<std::string> reasons = offences(sums, lineless, options_);
  for (const std::string& reason : reasons) survey.failures.add_check(reason);
  if (!reasons.empty() || options_.watch) return;
  for (const std::string& group : lineless)
    log::notice(group + ": nothing committed and nothing assigned");
}

Exit Report::once() {
  Survey survey = surveyor_.take();
  // Where nothing is known nothing is said: an old file of metrics shows its age, an empty one
  // lies.
  if (survey.groups.empty() && survey.failures.count() > 0)
    return survey.failures.status(survey.parts);
  const std::vector<LagSum> sums = options_.command == Command::lag
                                       ? sum_lags(partitions_of(survey), options_.by)
                                       : std::vector<LagSum>();
  deliver(survey, render(survey, sums));
  if (options_.command != Command::list) check(survey, sums);
  return survey.failures.status(survey.parts);
}

Exit Report::watch() {
  if (redraws(options_)) {
    OutBuffer clear;
    clear.append("\x1b[2J");
    write_stdout(clear);
  }
  Exit status = Exit::ok;
  for (bool first = true; !stop::requested() && !reader_gone_; first = false) {
    const Clock::time_point next = Clock::now() + *options_.watch;
    try {
      status = once();
    } catch (const Error& error) {
      if (first || error.exit() == Exit::io) throw;
      log::error(error.what());
      status = error.exit();
    }
    if (first && status != Exit::ok && status != Exit::check_failed) break;
    if (reader_gone_) break;
    wait_until(next);
  }
  return status;
}

}  // namespace kpipe::kgroups
