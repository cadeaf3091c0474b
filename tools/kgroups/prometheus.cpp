// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/prometheus.hpp"

#include <array>
#include <cstdio>
#include <functional>
#include <map>

#include "common/wire/json_text.hpp"

namespace kpipe::kgroups {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

void append_head(OutBuffer& out, const std::string& name, std::string_view help) {
  out.append("# HELP " + name + " ");
  out.append(help);
  out.append("\n# TYPE " + name + " gauge\n");
}

void append_sample(OutBuffer& out, const std::string& name, const Labels& labels,
                   const std::string& value) {
  out.append(name);
  char before = '{';
  for (const auto& [label, text] : labels) {
    out.append(before);
    out.append(label);
    out.append("=\"");
    out.append(label_text(text));
    out.append('"');
    before = ',';
  }
  if (!labels.empty()) out.append('}');
  out.append(' ');
  out.append(value);
  out.append('\n');
}

std::string seconds_text(std::int64_t ms) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld.%03d", static_cast<long long>(ms / 1000),
                static_cast<int>(ms % 1000));
  return text.data();
}

Labels labels_of(const LagSum& sum, LagBy by) {
  Labels labels{{"group", sum.group}};
  if (by == LagBy::partition || by == LagBy::topic) labels.emplace_back("topic", sum.topic);
  if (by == LagBy::partition)
    labels.emplace_back("partition", std::to_string(sum.partition.value_or(0)));
  if (by == LagBy::member) {
    labels.emplace_back("member_id", sum.owner.member_id);
    labels.emplace_back("client_id", sum.owner.client_id);
    labels.emplace_back("host", sum.owner.host);
  }
  return labels;
}

/// One metric over the lines; lines without a value are left out.
void append_lines(OutBuffer& out, const std::string& name, std::string_view help,
                  const std::vector<LagSum>& sums, LagBy by,
                  const std::function<std::string(const LagSum&)>& value) {
  append_head(out, name, help);
  for (const LagSum& sum : sums) {
    const std::string text = value(sum);
    if (!text.empty()) append_sample(out, name, labels_of(sum, by), text);
  }
}

void append_groups(OutBuffer& out, const std::vector<GroupView>& groups) {
  append_head(out, "kafka_group_info",
              "Consumer groups with their state, type and protocol; always 1.");
  for (const GroupView& view : groups) {
    append_sample(out, "kafka_group_info",
                  {{"group", view.row.group},
                   {"state", view.row.state},
                   {"type", view.row.type},
                   {"protocol", view.row.protocol}},
                  "1");
  }
  append_head(out, "kafka_group_members", "Members of the group.");
  for (const GroupView& view : groups) {
    if (view.row.members)
      append_sample(out, "kafka_group_members", {{"group", view.row.group}},
                    std::to_string(*view.row.members));
  }
}

/// One sample a partition, however many groups read it.
void append_logs(OutBuffer& out, const Survey& survey) {
  std::map<TopicPartition, PartitionLog> logs;
  for (const GroupView& view : survey.groups) {
    for (const PartitionLag& row : view.partitions) {
      if (row.log.error == RD_KAFKA_RESP_ERR_NO_ERROR && row.log.end >= 0) logs[row.tp] = row.log;
    }
  }
  struct Metric {
    const char* name;
    const char* help;
    std::int64_t PartitionLog::*member;
  };
  constexpr std::array<Metric, 3> metrics{{
      {"kafka_partition_start_offset", "First offset that is still in the log.",
       &PartitionLog::start},
      {"kafka_partition_end_offset", "One past the last record (high watermark).",
       &PartitionLog::end},
      {"kafka_partition_stable_end_offset",
       "One past the last record that read_committed consumers see.", &PartitionLog::stable_end},
  }};
  for (const Metric& metric : metrics) {
    append_head(out, metric.name, metric.help);
    for (const auto& [tp, log] : logs) {
      append_sample(out, metric.name,
                    {{"topic", tp.topic}, {"partition", std::to_string(tp.partition)}},
                    std::to_string(log.*metric.member));
    }
  }
}

void append_committed(OutBuffer& out, const Survey& survey) {
  const std::string name = "kafka_group_committed_offset";
  append_head(out, name, "Next offset that the group will read, as committed.");
  for (const PartitionLag& row : partitions_of(survey)) {
    if (!row.committed) continue;
    append_sample(out, name,
                  {{"group", row.group},
                   {"topic", row.tp.topic},
                   {"partition", std::to_string(row.tp.partition)}},
                  std::to_string(*row.committed));
  }
}

void append_lags(OutBuffer& out, const std::vector<LagSum>& sums, const Options& options) {
  const LagBy by = options.by;
  append_lines(out, "kafka_group_lag_records",
               "Offsets that the group has yet to read, up to the last stable offset.", sums, by,
               [](const LagSum& sum) {
                 return sum.unknown == sum.partitions ? "" : std::to_string(sum.lag);
               });
  if (options.time_lag) {
    append_lines(
        out, "kafka_group_lag_seconds",
        "Age of the first record that the group has not read; 0 when there is none.", sums, by,
        [](const LagSum& sum) { return sum.time_lag_ms ? seconds_text(*sum.time_lag_ms) : ""; });
  }
  append_lines(out, "kafka_group_held_back_records",
               "Offsets that open transactions keep from read_committed consumers.", sums, by,
               [](const LagSum& sum) {
                 return sum.unknown == sum.partitions ? "" : std::to_string(sum.held_back);
               });
  append_lines(out, "kafka_group_unknown_partitions",
               "Partitions whose lag is not known: nothing committed, or the log not readable.",
               sums, by, [](const LagSum& sum) { return std::to_string(sum.unknown); });
}

}  // namespace

std::string label_text(std::string_view value) {
  // Byte by byte only where it must be: almost all names are fine as they are.
  const bool utf8 = is_valid_utf8(value);
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      text += {'\\', c};
    } else if (c == '\n') {
      text += "\\n";
    } else if (!utf8 && static_cast<unsigned char>(c) >= 0x80) {
      text += '?';
    } else {
      text += c;
    }
  }
  return text;
}

void append_prometheus(OutBuffer& out, const Survey& survey, const std::vector<LagSum>& sums,
                       const Options& options) {
  append_groups(out, survey.groups);
  if (options.command == Command::lag) {
    append_lags(out, sums, options);
    if (options.by == LagBy::partition) append_committed(out, survey);
    if (options.by == LagBy::partition) append_logs(out, survey);
  }
  append_head(out, "kgroups_failures",
              "Groups and brokers that could not be asked: their samples are missing here.");
  append_sample(out, "kgroups_failures", {}, std::to_string(survey.failures.count()));
  append_head(out, "kgroups_last_success_timestamp_seconds",
              "When Kafka was asked, in seconds since 1970.");
  append_sample(out, "kgroups_last_success_timestamp_seconds", {}, seconds_text(survey.time_ms));
}

}  // namespace kpipe::kgroups
