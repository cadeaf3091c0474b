// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/survey.hpp"

#include <future>
#include <map>

#include "common/base/clock.hpp"
#include "common/kafka/groups.hpp"
#include "common/kafka/other_groups.hpp"

namespace kpipe::kgroups {
namespace {

/// The groups of the wanted types. Of brokers that name no types or states, all: the descriptions
/// will tell. Groups that a silent broker coordinates are missing, which is said.
std::vector<GroupListing> list_chosen(const Client& client, const Options& options,
                                      Failures& failures) {
  GroupListings listings = list_groups(client);
  for (const std::string& failure : listings.failures)
    failures.add_check("list groups: " + failure + ". The groups of that broker are missing here");
  std::vector<GroupListing> groups;
  for (GroupListing& listing : listings.groups) {
    const GroupRow listed{listing.group, listing.state, listing.type, {}, std::nullopt, {}};
    if (listing.type == "Unknown" || chosen(listed, {}, options.types))
      groups.push_back(std::move(listing));
  }
  return groups;
}

std::vector<std::string> names_of(const std::vector<GroupListing>& listings) {
  std::vector<std::string> names;
  for (const GroupListing& listing : listings) names.push_back(listing.group);
  return names;
}

/// --type classic,consumer can do without.
bool wants_other_groups(const Options& options) {
  for (const std::string& type : options.types) {
    if (type != "consumer") return true;
  }
  return options.types.empty();
}

/// A group that no request of consumers' knows: another kind, or none at all.
GroupView look_elsewhere(const Client& client, const Options& options, const std::string& group,
                         Failures& failures) {
  GroupView view;
  const std::vector<OtherGroup> found = list_other_groups(client, group);
  if (found.empty()) {
    failures.add(
        Error(Exit::no_input, group + ": no such group. kgroups list shows what is there"));
    return view;
  }
  view.row = make_group_row(found.front());
  if (options.command == Command::lag) {
    failures.add(Error(Exit::check_failed,
                       group + ": no consumer group (" + found.front().type +
                           (found.front().protocol.empty() ? "" : ", " + found.front().protocol) +
                           "): its lag is not known"));
    view.row.group.clear();
  }
  return view;
}

}  // namespace

std::vector<PartitionLag> partitions_of(const Survey& survey) {
  std::vector<PartitionLag> rows;
  for (const GroupView& view : survey.groups)
    rows.insert(rows.end(), view.partitions.begin(), view.partitions.end());
  return rows;
}

Surveyor::Surveyor(const Client& client, const Options& options)
    : client_(client), options_(options) {
  // Made at once, so that it connects while the groups are looked at.
  if (options.time_lag) times_ = std::make_unique<RecordTimeReader>(options.connection);
}

Survey Surveyor::take() {
  Survey survey = options_.command == Command::list ? list()
                  : options_.groups.empty()         ? look_at_all()
                                                    : look_at_named();
  if (options_.command != Command::list) {
    look_at_logs(survey);
    look_at_times(survey);
  }
  survey.time_ms = wall_clock_ms();
  return survey;
}

Survey Surveyor::list() {
  Survey survey;
  const std::vector<GroupListing> listings = list_chosen(client_, options_, survey.failures);
  std::future<std::vector<OtherGroup>> others;
  if (wants_other_groups(options_))
    others = std::async(std::launch::async, [this] { return list_other_groups(client_); });
  const std::vector<GroupDescription> descriptions = describe_groups(client_, listings);

  std::map<std::string, GroupView> views;
  for (std::size_t i = 0; i < listings.size(); ++i) {
    views[listings[i].group] = {
        make_group_row(listings[i], descriptions.at(i)), descriptions[i], {}};
  }
  if (others.valid()) {
    // A consumer group that was listed above is one, whatever it has become since.
    try {
      for (const OtherGroup& group : others.get())
        views.try_emplace(group.group, GroupView{make_group_row(group), {}, {}});
    } catch (const Error& error) {
      survey.failures.add_check(std::string(error.what()) +
                                ". Groups that are no consumer groups are missing here");
    }
  }
  for (auto& [name, view] : views) {
    if (!chosen(view.row, options_.states, options_.types)) continue;
    if (!view.row.error.empty()) survey.failures.add_check(name + ": members: " + view.row.error);
    survey.groups.push_back(std::move(view));
  }
  survey.parts = survey.groups.size();
  return survey;
}

Survey Surveyor::look_at_all() {
  Survey survey;
  const std::vector<GroupListing> listings = list_chosen(client_, options_, survey.failures);
  auto described =
      std::async(std::launch::async, [&] { return describe_groups(client_, listings); });
  const std::vector<GroupOffsets> offsets = committed_offsets(client_, names_of(listings));
  std::vector<GroupDescription> descriptions = described.get();

  for (std::size_t i = 0; i < listings.size(); ++i) {
    GroupDescription& description = descriptions.at(i);
    // One that was listed a moment ago has been deleted since.
    if (!description.exists() && offsets[i].offsets.empty()) continue;
    GroupView view{make_group_row(listings[i], description), {}, {}};
    if (!chosen(view.row, options_.states, options_.types)) continue;
    ++survey.parts;
    if (offsets[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      survey.failures.add(client_.error(listings[i].group + ": committed offsets", offsets[i].error,
                                        offsets[i].error_text,
                                        {"Describe", "group", listings[i].group}));
      continue;
    }
    if (!view.row.error.empty())
      survey.failures.add(client_.error(view.row.group + ": members", description.error,
                                        description.error_text,
                                        {"Describe", "group", view.row.group}));
    view.partitions = group_partitions(offsets[i], description);
    view.description = std::move(description);
    survey.groups.push_back(std::move(view));
  }
  return survey;
}

Survey Surveyor::look_at_named() {
  Survey survey;
  survey.parts = options_.groups.size();
  auto described =
      std::async(std::launch::async, [&] { return describe_groups(client_, options_.groups); });
  const std::vector<GroupOffsets> offsets = committed_offsets(client_, options_.groups);
  std::vector<GroupDescription> descriptions = described.get();

  for (std::size_t i = 0; i < options_.groups.size(); ++i) {
    const std::string& group = options_.groups[i];
    GroupDescription& description = descriptions.at(i);
    if (offsets[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      survey.failures.add(client_.error(group + ": committed offsets", offsets[i].error,
                                        offsets[i].error_text, {"Describe", "group", group}));
      continue;
    }
    const bool known = description.exists() || !offsets[i].offsets.empty();
    if (!known || description.foreign()) {
      GroupView other = look_elsewhere(client_, options_, group, survey.failures);
      if (!other.row.group.empty()) survey.groups.push_back(std::move(other));
      continue;
    }
    GroupView view{make_group_row({group, "Unknown", "Unknown"}, description), {}, {}};
    if (!view.row.error.empty())
      survey.failures.add(client_.error(group + ": members", description.error,
                                        description.error_text, {"Describe", "group", group}));
    view.partitions = group_partitions(offsets[i], description);
    view.description = std::move(description);
    survey.groups.push_back(std::move(view));
  }
  return survey;
}

void Surveyor::look_at_logs(Survey& survey) {
  // Groups share topics: each partition is asked for once.
  std::map<TopicPartition, PartitionLog> logs;
  for (const GroupView& view : survey.groups) {
    for (const PartitionLag& row : view.partitions) logs.try_emplace(row.tp);
  }
  if (logs.empty()) return;
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, log] : logs) partitions.push_back(tp);
  for (PartitionLog& log : read_logs(client_, partitions)) logs[log.tp] = std::move(log);
  for (GroupView& view : survey.groups) {
    for (PartitionLag& row : view.partitions) apply_log(row, logs[row.tp]);
  }
}

void Surveyor::look_at_times(Survey& survey) {
  if (!times_) return;
  std::vector<RecordQuery> queries;
  for (const GroupView& view : survey.groups) {
    for (const PartitionLag& row : view.partitions) {
      if (const auto query = first_unread(row)) queries.push_back(*query);
    }
  }
  const std::map<RecordQuery, RecordTime> times = times_->read(queries);
  const std::int64_t now = wall_clock_ms();
  for (GroupView& view : survey.groups) {
    for (PartitionLag& row : view.partitions) {
      const auto query = first_unread(row);
      apply_time(row, query ? &times.at(*query) : nullptr, now);
    }
  }
}

}  // namespace kpipe::kgroups
