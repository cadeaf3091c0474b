// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/run.hpp"

#include <functional>
#include <future>
#include <map>

#include "common/base/log.hpp"
#include "tools/kgroups/lag.hpp"
#include "tools/kgroups/lag_output.hpp"
#include "tools/kgroups/list.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe {
namespace {

using namespace kgroups;

/// Counts what failed: all of it is that failure, some of it is a part of many.
class Failures {
 public:
  void add(const Error& error) {
    log::error(error.what());
    if (count_++ == 0) first_ = error.exit();
  }
  Exit status(std::size_t parts) const {
    if (count_ == 0) return Exit::ok;
    return count_ >= parts ? first_ : Exit::check_failed;
  }

 private:
  std::size_t count_ = 0;
  Exit first_ = Exit::ok;
};

std::vector<std::string> names_of(const GroupListings& listings) {
  std::vector<std::string> names;
  for (const GroupListing& listing : listings.groups) names.push_back(listing.group);
  return names;
}

/// Groups that a silent broker coordinates are missing from the listing.
bool report_failures(const GroupListings& listings) {
  for (const std::string& failure : listings.failures) {
    log::error("list groups: " + failure + ". The groups of that broker are missing here");
  }
  return !listings.failures.empty();
}

Exit run_list(const Client& client, const Options& options) {
  const GroupListings listings = list_groups(client);
  const std::vector<GroupDescription> descriptions = describe_groups(client, listings.groups);
  bool failed = report_failures(listings);
  std::vector<GroupRow> rows;
  for (std::size_t i = 0; i < listings.groups.size(); ++i) {
    rows.push_back(make_group_row(listings.groups[i], descriptions.at(i)));
    failed = failed || !rows.back().error.empty();
  }
  OutBuffer out;
  append_group_rows(out, rows, options.output);
  write_stdout(out);
  return failed ? Exit::check_failed : Exit::ok;
}

using Describe = std::function<std::vector<GroupDescription>()>;

/// The partitions of the groups, their logs not yet looked at. `named`: by the user, who hears of
/// those that do not exist.
std::vector<PartitionLag> read_groups(const Client& client, const std::vector<std::string>& groups,
                                      const Describe& describe, bool named, Failures& failures) {
  auto described = std::async(std::launch::async, describe);
  const std::vector<GroupOffsets> offsets = committed_offsets(client, groups);
  const std::vector<GroupDescription> descriptions = described.get();

  std::vector<PartitionLag> rows;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const GroupDescription& description = descriptions.at(i);
    if (offsets[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failures.add(
          client.error(groups[i] + ": committed offsets", offsets[i].error, offsets[i].error_text));
      continue;
    }
    if (!description.exists() && offsets[i].offsets.empty()) {
      // One that was listed a moment ago has been deleted since.
      if (named)
        failures.add(
            Error(Exit::no_input, groups[i] + ": no such group. kgroups list shows what is there"));
      continue;
    }
    if (description.exists() && description.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failures.add(
          client.error(groups[i] + ": members", description.error, description.error_text));
    }
    std::vector<PartitionLag> found = group_partitions(offsets[i], description);
    if (found.empty() && named) log::notice(groups[i] + ": nothing committed and nothing assigned");
    std::move(found.begin(), found.end(), std::back_inserter(rows));
  }
  return rows;
}

void look_at_logs(const Client& client, std::vector<PartitionLag>& rows) {
  // Groups share topics: each partition is asked for once.
  std::map<TopicPartition, PartitionLog> logs;
  for (const PartitionLag& row : rows) logs.try_emplace(row.tp);
  if (logs.empty()) return;
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, log] : logs) partitions.push_back(tp);
  for (PartitionLog& log : read_logs(client, partitions)) logs[log.tp] = std::move(log);
  for (PartitionLag& row : rows) apply_log(row, logs[row.tp]);
}

/// True when all lines are within --max-lag.
bool within(const std::vector<LagSum>& sums, std::int64_t max_lag) {
  bool ok = true;
  for (const LagSum& sum : sums) {
    if (sum.lag > max_lag) {
      log::error(name_of(sum) + ": lag " + std::to_string(sum.lag) + " is above --max-lag " +
                 std::to_string(max_lag));
      ok = false;
    } else if (sum.unknown > 0) {
      log::error(name_of(sum) + ": lag not known, --max-lag " + std::to_string(max_lag) +
                 " cannot be vouched for: nothing is committed, or the log could not be read");
      ok = false;
    }
  }
  return ok;
}

Exit run_lag(const Client& client, const Options& options) {
  Failures failures;
  bool failed = false;
  std::vector<std::string> groups = options.groups;
  std::vector<PartitionLag> rows;
  if (groups.empty()) {
    const GroupListings listings = list_groups(client);
    failed = report_failures(listings);
    groups = names_of(listings);
    const Describe describe = [&] { return describe_groups(client, listings.groups); };
    rows = read_groups(client, groups, describe, false, failures);
  } else {
    const Describe describe = [&] { return describe_groups(client, groups); };
    rows = read_groups(client, groups, describe, true, failures);
  }
  look_at_logs(client, rows);

  const std::vector<LagSum> sums = sum_lags(rows, options.by);
  OutBuffer out;
  if (options.by == LagBy::partition) {
    append_partition_lags(out, rows, options.output);
  } else {
    append_lag_sums(out, sums, options.by, options.output);
  }
  write_stdout(out);

  for (const PartitionLag& row : rows) {
    if (row.error.empty()) continue;
    log::error(row.group + " " + to_string(row.tp) + ": " + row.error);
    failed = true;
  }
  if (options.max_lag && !within(sums, *options.max_lag)) failed = true;
  const Exit status = failures.status(groups.size());
  return status == Exit::ok && failed ? Exit::check_failed : status;
}

}  // namespace

int kgroups_main(int argc, const char* const* argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  const Client client(visitor_config("kgroups", options.connection), RD_KAFKA_PRODUCER);
  const Exit status =
      options.command == Command::lag ? run_lag(client, options) : run_list(client, options);
  return static_cast<int>(status);
}

}  // namespace kpipe
