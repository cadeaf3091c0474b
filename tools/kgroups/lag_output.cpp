// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/lag_output.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kgroups {
namespace {

std::string number(const std::optional<std::int64_t>& value, const char* absent) {
  return value ? std::to_string(*value) : absent;
}

/// Offsets of a log that could be looked at are never negative.
std::optional<std::int64_t> known(std::int64_t offset) {
  if (offset < 0) return std::nullopt;
  return offset;
}

void append_text(OutBuffer& out, std::string_view name, std::string_view value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_bytes(out, value);
}

void append_number(OutBuffer& out, std::string_view name,
                   const std::optional<std::int64_t>& value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  out.append(number(value, "null"));
}

void append_ndjson(OutBuffer& out, const PartitionLag& row) {
  OutBuffer extra;
  append_text(extra, "group", row.group);
  append_number(extra, "log_start", known(row.log.start));
  append_number(extra, "log_end", known(row.log.end));
  append_number(extra, "stable_end", known(row.log.stable_end));
  append_number(extra, "lag", row.lag);
  if (row.lineage && !row.lineage->sink.empty()) append_text(extra, "sink", row.lineage->sink);
  if (row.truncated) extra.append(",\"truncated\":true");
  if (row.beyond_end) extra.append(",\"beyond_end\":true");
  if (!row.error.empty()) append_text(extra, "error", row.error);

  if (row.committed) {
    append_checkpoint(out, {row.tp, *row.committed, row.lineage ? row.lineage->generation : 0},
                      extra.view());
  } else {
    out.append("{\"topic\":");
    append_json_bytes(out, row.tp.topic);
    append_number(out, "partition", row.tp.partition);
    append_number(out, "offset", std::nullopt);
    out.append(extra.view());
    out.append('}');
  }
  out.append('\n');
}

std::string note(const PartitionLag& row) {
  if (!row.error.empty()) return row.error;
  if (!row.committed) return "nothing committed yet";
  if (row.truncated)
    return std::to_string(row.log.start - *row.committed) + " unread records are gone (retention)";
  if (row.beyond_end) return "committed is beyond the log: topic re-created?";
  if (row.log.end > row.log.stable_end)
    return "open transaction holds back " + std::to_string(row.log.end - row.log.stable_end);
  return {};
}

/// "1234", or "1234 + ?" when the lag of some partitions is not known.
std::string sum_text(std::int64_t lag, std::size_t unknown, std::size_t partitions) {
  if (unknown == 0) return std::to_string(lag);
  return unknown == partitions ? "?" : std::to_string(lag) + " + ?";
}

std::string total_text(const std::vector<LagSum>& sums) {
  LagSum total;
  for (const LagSum& sum : sums) {
    total.lag += sum.lag;
    total.unknown += sum.unknown;
    total.partitions += sum.partitions;
  }
  return sum_text(total.lag, total.unknown, total.partitions);
}

}  // namespace

void append_partition_lags(OutBuffer& out, const std::vector<PartitionLag>& rows,
                           OutputFormat format) {
  if (format == OutputFormat::ndjson) {
    for (const PartitionLag& row : rows) append_ndjson(out, row);
    return;
  }
  using Align = Table::Align;
  Table table({{"GROUP"},
               {"TOPIC"},
               {"PARTITION", Align::right},
               {"COMMITTED", Align::right},
               {"LOG-START", Align::right},
               {"LOG-END", Align::right},
               {"LAG", Align::right},
               {"GEN", Align::right, true},
               {"SINK", Align::left, true},
               {"NOTE", Align::left, true}});
  for (const PartitionLag& row : rows) {
    table.add_row({row.group, row.tp.topic, std::to_string(row.tp.partition),
                   number(row.committed, "-"), number(known(row.log.start), "?"),
                   number(known(row.log.end), "?"), number(row.lag, "?"),
                   row.lineage ? std::to_string(row.lineage->generation) : "",
                   row.lineage ? row.lineage->sink : "", note(row)});
  }
  if (rows.size() > 1) {
    table.add_row(
        {"TOTAL", "", "", "", "", "", total_text(sum_lags(rows, LagBy::partition)), "", "", ""});
  }
  table.append_to(out);
}

void append_lag_sums(OutBuffer& out, const std::vector<LagSum>& sums, LagBy by,
                     OutputFormat format) {
  if (format == OutputFormat::ndjson) {
    for (const LagSum& sum : sums) {
      out.append("{\"group\":");
      append_json_bytes(out, sum.group);
      if (by == LagBy::topic) append_text(out, "topic", sum.topic);
      append_number(out, "partitions", static_cast<std::int64_t>(sum.partitions));
      append_number(out, "lag",
                    sum.unknown == sum.partitions ? std::nullopt : std::optional(sum.lag));
      if (sum.unknown > 0) append_number(out, "unknown", static_cast<std::int64_t>(sum.unknown));
      out.append("}\n");
    }
    return;
  }
  Table table({{"GROUP"},
               {"TOPIC", Table::Align::left, true},
               {"PARTITIONS", Table::Align::right},
               {"LAG", Table::Align::right}});
  for (const LagSum& sum : sums) {
    table.add_row({sum.group, sum.topic, std::to_string(sum.partitions),
                   sum_text(sum.lag, sum.unknown, sum.partitions)});
  }
  if (sums.size() > 1) table.add_row({"TOTAL", "", "", total_text(sums)});
  table.append_to(out);
}

}  // namespace kpipe::kgroups
