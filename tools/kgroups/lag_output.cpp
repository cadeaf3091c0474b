// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/lag_output.hpp"

#include <cmath>

#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

using Tone = Table::Tone;
using Cells = std::vector<std::string>;

/// Offsets of a log that could be looked at are never negative.
std::optional<std::int64_t> known(std::int64_t offset) {
  if (offset < 0) return std::nullopt;
  return offset;
}

std::optional<std::int64_t> rounded(const std::optional<double>& value) {
  if (!value) return std::nullopt;
  return std::llround(*value);
}

void add_rate(JsonFields& fields, const Rate& rate) {
  fields.number("consumed_per_s", rounded(rate.consumed))
      .number("produced_per_s", rounded(rate.produced))
      .number("eta_s", rounded(rate.eta_s));
}

/// "1234", or "1234 + ?" when the lag of some partitions is not known.
std::string sum_text(const LagSum& sum) {
  if (sum.unknown == 0) return std::to_string(sum.lag);
  return sum.unknown == sum.partitions ? "?" : std::to_string(sum.lag) + " + ?";
}

std::string age_text(const std::optional<std::int64_t>& ms) {
  return ms ? duration_text(*ms) : "?";
}

std::string sum_age_text(const LagSum& sum) {
  return sum.time_lag_ms && sum.time_unknown > 0 ? duration_text(*sum.time_lag_ms) + " or more"
                                                 : age_text(sum.time_lag_ms);
}

void add_watch_columns(std::vector<Table::Column>& columns, const LagLayout& layout) {
  if (layout.time_lag) columns.push_back({"TIME-LAG", Table::Align::right});
  if (!layout.time_ms) return;
  for (const char* const title : {"PRODUCED/S", "CONSUMED/S", "ETA"})
    columns.push_back({title, Table::Align::right});
}

/// The cells for add_watch_columns().
void add_watch_cells(Cells& cells, const LagLayout& layout, const std::string& age,
                     const Rate* rate) {
  if (layout.time_lag) cells.push_back(age);
  if (!layout.time_ms) return;
  const Rate shown = rate == nullptr ? Rate{} : *rate;
  cells.push_back(number_text(rounded(shown.produced), "-"));
  cells.push_back(number_text(rounded(shown.consumed), "-"));
  cells.push_back(shown.eta_s      ? duration_text(std::llround(*shown.eta_s) * 1000)
                  : shown.consumed ? "never"
                                   : "-");
}

const Rate* rate_at(const LagLayout& layout, std::size_t i) {
  return i < layout.rates.size() ? &layout.rates[i] : nullptr;
}

Tone tone_of(const PartitionLag& row) {
  if (!row.error.empty() || row.truncated || row.beyond_end) return Tone::alarm;
  return note_of(row).empty() ? Tone::plain : Tone::warning;
}

void append_sum_json(OutBuffer& out, const LagSum& sum, LagBy by, const LagLayout& layout,
                     const Rate* rate) {
  out.append('{');
  JsonFields fields(out);
  if (layout.time_ms) fields.number("time", layout.time_ms);
  fields.text("group", sum.group);
  if (by == LagBy::topic) fields.text("topic", sum.topic);
  if (by == LagBy::member) {
    fields.text_or_null("member_id", sum.owner.member_id)
        .text_or_null("client_id", sum.owner.client_id)
        .text_or_null("host", sum.owner.host)
        .text_or_null("instance_id", sum.owner.instance_id);
  }
  fields.number("partitions", sum.partitions)
      .number("lag", sum.unknown == sum.partitions ? std::nullopt : std::optional(sum.lag))
      .number("unknown", sum.unknown)
      .number("held_back", sum.held_back);
  if (layout.time_lag)
    fields.number("time_lag_ms", sum.time_lag_ms).number("time_unknown", sum.time_unknown);
  if (rate != nullptr) add_rate(fields, *rate);
  out.append("}\n");
}

}  // namespace

std::string note_of(const PartitionLag& row) {
  if (!row.error.empty()) return row.error;
  if (!row.committed) return "nothing committed yet";
  if (row.truncated)
    return std::to_string(row.log.start - *row.committed) + " unread records are gone (retention)";
  if (row.beyond_end) return "committed is beyond the log: topic re-created?";
  if (row.held_back().value_or(0) > 0)
    return "open transaction holds back " + std::to_string(*row.held_back());
  return row.time_error;
}

void append_partition_json(OutBuffer& out, const PartitionLag& row, const LagLayout& layout,
                           const Rate* rate) {
  OutBuffer extra;
  JsonFields fields(extra);
  if (layout.time_ms) fields.number("time", layout.time_ms);
  fields.text("group", row.group)
      .text_or_null("member_id", row.owner.member_id)
      .text_or_null("client_id", row.owner.client_id)
      .text_or_null("host", row.owner.host)
      .number("log_start", known(row.log.start))
      .number("log_end", known(row.log.end))
      .number("stable_end", known(row.log.stable_end))
      .number("lag", row.lag)
      .number("held_back", row.held_back());
  if (layout.time_lag) fields.number("time_lag_ms", row.time_lag_ms);
  if (rate != nullptr) add_rate(fields, *rate);
  fields.text_or_null("sink", row.lineage ? row.lineage->sink : std::string())
      .truth("truncated", row.truncated)
      .truth("beyond_end", row.beyond_end)
      .text_or_null("error", row.error.empty() ? row.time_error : row.error);

  if (row.committed) {
    append_checkpoint(out, {row.tp, *row.committed, row.lineage ? row.lineage->generation : 0},
                      extra.view());
    return;
  }
  out.append('{');
  JsonFields(out)
      .text("topic", row.tp.topic)
      .number("partition", row.tp.partition)
      .number("offset", std::nullopt);
  out.append(extra.view());
  out.append('}');
}

void append_partition_lags(OutBuffer& out, const std::vector<PartitionLag>& rows,
                           const LagLayout& layout) {
  if (layout.format == OutputFormat::ndjson) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      append_partition_json(out, rows[i], layout, rate_at(layout, i));
      out.append('\n');
    }
    return;
  }
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"GROUP"},
                                     {"TOPIC"},
                                     {"PARTITION", Align::right},
                                     {"COMMITTED", Align::right},
                                     {"LOG-START", Align::right},
                                     {"LOG-END", Align::right},
                                     {"LAG", Align::right}};
  add_watch_columns(columns, layout);
  columns.insert(columns.end(), {{"GEN", Align::right, true},
                                 {"SINK", Align::left, true},
                                 {"CLIENT-ID", Align::left, true},
                                 {"HOST", Align::left, true},
                                 {"NOTE", Align::left, true}});
  Table table(columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PartitionLag& row = rows[i];
    Cells cells{row.group,
                row.tp.topic,
                std::to_string(row.tp.partition),
                number_text(row.committed, "-"),
                number_text(known(row.log.start), "?"),
                number_text(known(row.log.end), "?"),
                number_text(row.lag, "?")};
    add_watch_cells(cells, layout, age_text(row.time_lag_ms), rate_at(layout, i));
    cells.insert(cells.end(), {row.lineage ? std::to_string(row.lineage->generation) : "",
                               row.lineage ? row.lineage->sink : "", row.owner.client_id,
                               row.owner.host, note_of(row)});
    table.add_row(std::move(cells), tone_of(row));
  }
  if (rows.size() > 1) {
    const LagSum total = total_of(sum_lags(rows, LagBy::partition));
    Cells cells{"TOTAL", "", "", "", "", "", sum_text(total)};
    add_watch_cells(cells, layout, sum_age_text(total), nullptr);
    cells.resize(columns.size());
    table.add_row(std::move(cells));
  }
  table.append_to(out, layout.colours);
}

void append_lag_sums(OutBuffer& out, const std::vector<LagSum>& sums, LagBy by,
                     const LagLayout& layout) {
  if (layout.format == OutputFormat::ndjson) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      append_sum_json(out, sums[i], by, layout, rate_at(layout, i));
    return;
  }
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"GROUP"},
                                     {"TOPIC", Align::left, true},
                                     {"CLIENT-ID", Align::left, true},
                                     {"HOST", Align::left, true},
                                     {"INSTANCE-ID", Align::left, true},
                                     {"PARTITIONS", Align::right},
                                     {"LAG", Align::right}};
  add_watch_columns(columns, layout);
  Table table(columns);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const LagSum& sum = sums[i];
    Cells cells{
        sum.group,
        sum.topic,
        by == LagBy::member && sum.owner.member_id.empty() ? "(nobody)" : sum.owner.client_id,
        sum.owner.host,
        sum.owner.instance_id,
        std::to_string(sum.partitions),
        sum_text(sum)};
    add_watch_cells(cells, layout, sum_age_text(sum), rate_at(layout, i));
    table.add_row(std::move(cells), sum.unknown > 0 ? Tone::warning : Tone::plain);
  }
  if (sums.size() > 1) {
    const LagSum total = total_of(sums);
    Cells cells{"TOTAL", "", "", "", "", std::to_string(total.partitions), sum_text(total)};
    add_watch_cells(cells, layout, sum_age_text(total), nullptr);
    table.add_row(std::move(cells));
  }
  table.append_to(out, layout.colours);
}

}  // namespace kpipe::kgroups
