// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/topics.hpp"

#include <algorithm>
#include <future>
#include <map>

#include "common/base/clock.hpp"
#include "tools/kgroups/failures.hpp"
#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

std::string ids_text(const std::vector<std::int32_t>& ids) {
  std::string text;
  for (const std::int32_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

void append_ids(OutBuffer& out, const std::vector<std::int32_t>& ids) {
  out.append('[');
  out.append(ids_text(ids));
  out.append(']');
}

/// Nothing when one of them is not known.
void add(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& value) {
  sum = sum && value ? std::optional(*sum + *value) : std::nullopt;
}

void append_ndjson(OutBuffer& out, const TopicRow& row, const Options& options) {
  out.append('{');
  JsonFields fields(out);
  fields.text("topic", row.topic).text_or_null("topic_id", row.id);
  if (options.by == LagBy::partition) {
    fields.number("partition", row.partition.id)
        .number("leader", row.leaderless > 0 ? std::optional<std::int64_t>()
                                             : std::optional<std::int64_t>(row.partition.leader));
    fields.key("replicas");
    append_ids(out, row.partition.replicas);
    fields.key("in_sync");
    append_ids(out, row.partition.in_sync);
    fields.truth("under_replicated", row.under_replicated > 0);
  } else {
    fields.truth("internal", row.internal)
        .number("partitions", row.partitions)
        .number("replication_factor", row.replication)
        .number("in_sync", row.in_sync)
        .number("under_replicated", row.under_replicated)
        .number("leaderless", row.leaderless);
  }
  fields.number("start", row.start).number("end", row.end).number("records", row.records);
  if (options.since) fields.number("recent", row.recent);
  fields.number("newest_ms", row.newest_ms).text_or_null("error", row.error);
  out.append("}\n");
}

std::string newest_text(const TopicRow& row, std::int64_t now) {
  if (!row.newest_ms) return row.records == 0 ? "-" : "?";
  // A producer's clock may be ahead of ours.
  const std::int64_t age = now - *row.newest_ms;
  return time_text(*row.newest_ms) + (age < 0 ? "" : " (" + duration_text(age) + " ago)");
}

void append_partition_table(OutBuffer& out, const std::vector<TopicRow>& rows,
                            const Options& options, std::int64_t now, bool colours) {
  using Align = Table::Align;
  Table table({{"TOPIC"},
               {"PARTITION", Align::right},
               {"LEADER", Align::right},
               {"REPLICAS"},
               {"IN-SYNC"},
               {"START", Align::right},
               {"END", Align::right},
               {"RECORDS", Align::right},
               {"RECENT", Align::right, true},
               {"NEWEST"},
               {"ERROR", Align::left, true}});
  for (const TopicRow& row : rows) {
    table.add_row(
        {row.topic, std::to_string(row.partition.id),
         row.leaderless > 0 ? "none" : std::to_string(row.partition.leader),
         ids_text(row.partition.replicas), ids_text(row.partition.in_sync),
         number_text(row.start, "?"), number_text(row.end, "?"), number_text(row.records, "?"),
         options.since ? number_text(row.recent, "?") : "", newest_text(row, now), row.error},
        !row.error.empty()         ? Table::Tone::alarm
        : row.under_replicated > 0 ? Table::Tone::warning
                                   : Table::Tone::plain);
  }
  table.append_to(out, colours);
}

void append_topic_table(OutBuffer& out, const std::vector<TopicRow>& rows, const Options& options,
                        std::int64_t now, bool colours) {
  using Align = Table::Align;
  Table table({{"TOPIC"},
               {"PARTITIONS", Align::right},
               {"REPLICAS", Align::right},
               {"IN-SYNC", Align::right},
               {"UNDER-REPLICATED", Align::right},
               {"START", Align::right},
               {"END", Align::right},
               {"RECORDS", Align::right},
               {"RECENT", Align::right, true},
               {"NEWEST"},
               {"TOPIC-ID"},
               {"ERROR", Align::left, true}});
  for (const TopicRow& row : rows) {
    table.add_row({row.topic, std::to_string(row.partitions), std::to_string(row.replication),
                   std::to_string(row.in_sync), std::to_string(row.under_replicated),
                   number_text(row.start, "?"), number_text(row.end, "?"),
                   number_text(row.records, "?"), options.since ? number_text(row.recent, "?") : "",
                   newest_text(row, now), row.id, row.error},
                  !row.error.empty()         ? Table::Tone::alarm
                  : row.under_replicated > 0 ? Table::Tone::warning
                                             : Table::Tone::plain);
  }
  table.append_to(out, colours);
}

/// The topics to show; those that are not there are said.
std::vector<TopicDescription> look_at_topics(Client& client, const Options& options,
                                             Failures& failures) {
  std::vector<std::string> names = options.topics;
  if (names.empty()) {
    for (const auto& [name, partitions] : client.topics()) names.push_back(name);
  }
  std::vector<TopicDescription> topics;
  for (TopicDescription& topic : describe_topics(client, names)) {
    const bool named = !options.topics.empty();
    if (topic.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (named || options.internal || !topic.internal) topics.push_back(std::move(topic));
    } else if (exit_for(topic.error) != Exit::no_input) {
      failures.add(client.error(topic.topic, topic.error, topic.error_text,
                                {"Describe", "topic", topic.topic}));
    } else if (named) {
      failures.add(Error(Exit::no_input,
                         topic.topic + ": no such topic. kgroups topics shows what is there"));
    }
    // One that was listed a moment ago has been deleted since.
  }
  return topics;
}

}  // namespace

std::vector<TopicRow> partition_rows(const TopicDescription& topic,
                                     const std::vector<PartitionLog>& logs,
                                     const std::vector<OffsetAnswer>& newest, bool since) {
  std::vector<TopicRow> rows;
  for (const PartitionDescription& partition : topic.partitions) {
    TopicRow row;
    row.topic = topic.topic;
    row.id = topic.id;
    row.internal = topic.internal;
    row.partition = partition;
    row.replication = partition.replicas.size();
    row.in_sync = partition.in_sync.size();
    row.under_replicated = partition.under_replicated() ? 1 : 0;
    row.leaderless = partition.leader < 0 ? 1 : 0;
    const TopicPartition tp{topic.topic, partition.id};
    const auto log = std::find_if(logs.begin(), logs.end(),
                                  [&](const PartitionLog& one) { return one.tp == tp; });
    const auto latest = std::find_if(newest.begin(), newest.end(),
                                     [&](const OffsetAnswer& one) { return one.tp == tp; });
    if (row.leaderless > 0) {
      row.error = "no broker leads this partition";
    } else if (log != logs.end() && log->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      row.error = rd_kafka_err2str(log->error);
    } else if (log != logs.end()) {
      row.start = log->start;
      row.end = log->end;
      row.records = log->end - log->start;
      // No record of that time or later: none of these.
      if (since)
        row.recent = log->at_time < 0 ? 0 : std::max<std::int64_t>(log->end - log->at_time, 0);
    }
    if (latest != newest.end() && latest->error == RD_KAFKA_RESP_ERR_NO_ERROR &&
        latest->timestamp_ms >= 0)
      row.newest_ms = latest->timestamp_ms;
    rows.push_back(std::move(row));
  }
  return rows;
}

TopicRow sum_topic(const std::vector<TopicRow>& partitions) {
  TopicRow sum = partitions.at(0);
  sum.partitions = partitions.size();
  std::size_t unknown = sum.error.empty() ? 0 : 1;
  for (std::size_t i = 1; i < partitions.size(); ++i) {
    const TopicRow& row = partitions[i];
    sum.replication = std::min(sum.replication, row.replication);
    sum.in_sync = std::min(sum.in_sync, row.in_sync);
    sum.under_replicated += row.under_replicated;
    sum.leaderless += row.leaderless;
    add(sum.start, row.start);
    add(sum.end, row.end);
    add(sum.records, row.records);
    add(sum.recent, row.recent);
    if (row.newest_ms)
      sum.newest_ms = std::max(sum.newest_ms.value_or(*row.newest_ms), *row.newest_ms);
    if (row.error.empty()) continue;
    ++unknown;
    if (sum.error.empty()) sum.error = row.error;
  }
  if (unknown > 1) sum.error += " (and " + std::to_string(unknown - 1) + " more partitions)";
  return sum;
}

void append_topic_rows(OutBuffer& out, const std::vector<TopicRow>& rows, const Options& options,
                       std::int64_t now, bool colours) {
  if (options.output == OutputFormat::ndjson) {
    for (const TopicRow& row : rows) append_ndjson(out, row, options);
  } else if (options.by == LagBy::partition) {
    append_partition_table(out, rows, options, now, colours);
  } else {
    append_topic_table(out, rows, options, now, colours);
  }
}

Exit run_topics(Client& client, const Options& options) {
  Failures failures;
  const std::vector<TopicDescription> topics = look_at_topics(client, options, failures);
  const std::size_t parts = topics.size() + failures.count();
  std::vector<TopicPartition> led;
  std::vector<OffsetQuery> queries;
  for (const TopicDescription& topic : topics) {
    for (const PartitionDescription& partition : topic.partitions) {
      // Nobody could answer for it.
      if (partition.leader < 0) continue;
      led.push_back({topic.topic, partition.id});
      queries.push_back({led.back(), OffsetQuery::kMaxTimestamp});
    }
  }
  const std::int64_t now = wall_clock_ms();
  auto asked = std::async(std::launch::async, [&] {
    return list_offsets(client, queries, Isolation::read_uncommitted);
  });
  const std::vector<PartitionLog> logs = read_logs(
      client, led,
      options.since ? std::optional(now - options.since->count()) : std::optional<std::int64_t>());
  const std::vector<OffsetAnswer> newest = asked.get();

  std::map<std::string, std::vector<PartitionLog>> logs_of;
  std::map<std::string, std::vector<OffsetAnswer>> newest_of;
  for (const PartitionLog& log : logs) logs_of[log.tp.topic].push_back(log);
  for (const OffsetAnswer& answer : newest) newest_of[answer.tp.topic].push_back(answer);
  std::vector<TopicRow> rows;
  for (const TopicDescription& topic : topics) {
    std::vector<TopicRow> partitions = partition_rows(
        topic, logs_of[topic.topic], newest_of[topic.topic], options.since.has_value());
    for (const TopicRow& row : partitions) {
      if (!row.error.empty())
        failures.add_check(topic.topic + "[" + std::to_string(row.partition.id) +
                           "]: " + row.error);
    }
    if (options.by == LagBy::partition) {
      rows.insert(rows.end(), partitions.begin(), partitions.end());
    } else if (!partitions.empty()) {
      rows.push_back(sum_topic(partitions));
    }
  }
  OutBuffer out;
  append_topic_rows(out, rows, options, now, stdout_has_colours());
  write_stdout(out);
  return failures.status(parts);
}

}  // namespace kpipe::kgroups
