// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/plan_output.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kseek {
namespace {

std::optional<std::int64_t> delta_of(const Move& move) {
  if (!move.current) return std::nullopt;
  return move.target - *move.current;
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
  out.append(value ? std::to_string(*value) : "null");
}

void append_ndjson(OutBuffer& out, const std::string& group, const Move& move) {
  OutBuffer extra;
  append_text(extra, "group", group);
  append_number(extra, "current", move.current);
  append_number(extra, "delta", delta_of(move));
  append_number(extra, "log_start", move.log_start);
  append_number(extra, "log_end", move.log_end);
  if (!move.metadata.sink.empty()) append_text(extra, "sink", move.metadata.sink);
  if (move.after_last_record) extra.append(",\"after_last_record\":true");
  if (move.clamped) extra.append(",\"clamped\":true");
  append_checkpoint(out, {move.tp, move.target, move.metadata.generation}, extra.view());
  out.append('\n');
}

std::string note(const Move& move) {
  if (move.after_last_record) return "no record at or after that time: the end";
  return move.clamped ? "clamped to the log" : "";
}

std::string signed_text(std::int64_t value) {
  return (value > 0 ? "+" : "") + std::to_string(value);
}

}  // namespace

void append_plan(OutBuffer& out, const std::string& group, const std::vector<Move>& moves,
                 OutputFormat format) {
  if (format == OutputFormat::ndjson) {
    for (const Move& move : moves) append_ndjson(out, group, move);
    return;
  }
  using Align = Table::Align;
  Table table({{"TOPIC"},
               {"PARTITION", Align::right},
               {"CURRENT", Align::right},
               {"NEW", Align::right},
               {"DELTA", Align::right},
               {"LOG-START", Align::right},
               {"LOG-END", Align::right},
               {"SINK", Align::left, true},
               {"NOTE", Align::left, true}});
  for (const Move& move : moves) {
    const auto delta = delta_of(move);
    table.add_row({move.tp.topic, std::to_string(move.tp.partition),
                   move.current ? std::to_string(*move.current) : "-", std::to_string(move.target),
                   delta ? signed_text(*delta) : "-", std::to_string(move.log_start),
                   std::to_string(move.log_end), move.metadata.sink, note(move)});
  }
  table.append_to(out);
}

void append_prior(OutBuffer& out, const std::string& group, const std::vector<Move>& moves) {
  for (const Move& move : moves) {
    if (!move.current) continue;
    OutBuffer extra;
    append_text(extra, "group", group);
    if (!move.lineage.sink.empty()) append_text(extra, "sink", move.lineage.sink);
    append_checkpoint(out, {move.tp, *move.current, move.lineage.generation}, extra.view());
    out.append('\n');
  }
}

}  // namespace kpipe::kseek
