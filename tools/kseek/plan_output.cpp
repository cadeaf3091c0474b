// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/plan_output.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kseek {
namespace {

using Number = std::optional<std::int64_t>;

/// Offsets of a log that was looked at are never negative.
Number known(std::int64_t offset) {
  if (offset < 0) return std::nullopt;
  return offset;
}

void append_text(OutBuffer& out, std::string_view name, std::string_view value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_bytes(out, value);
}

void append_number(OutBuffer& out, std::string_view name, const Number& value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  out.append(value ? std::to_string(*value) : "null");
}

/// A checkpoint line, or the deletion of what is committed there.
void append_line(OutBuffer& out, const TopicPartition& tp, const Number& offset,
                 std::int64_t generation, std::string_view extra) {
  if (offset) {
    append_checkpoint(out, {tp, *offset, generation}, extra);
  } else {
    out.append("{\"topic\":");
    append_json_string(out, tp.topic);
    append_number(out, "partition", tp.partition);
    out.append(",\"offset\":null,\"delete\":true");
    out.append(extra);
    out.append('}');
  }
  out.append('\n');
}

void append_ndjson(OutBuffer& out, const std::string& group, const Move& move) {
  const std::string& sink = move.target ? move.metadata.sink : move.lineage.sink;
  OutBuffer extra;
  append_text(extra, "group", group);
  append_number(extra, "current", move.current);
  append_number(extra, "delta", move.delta());
  append_number(extra, "log_start", known(move.log_start));
  append_number(extra, "log_end", known(move.log_end));
  if (!sink.empty()) append_text(extra, "sink", sink);
  if (move.after_last_record) extra.append(",\"after_last_record\":true");
  if (move.clamped) extra.append(",\"clamped\":true");
  append_line(out, move.tp, move.target, move.metadata.generation, extra.view());
}

std::string note(const Move& move) {
  if (!move.target)
    return move.lineage.sink.empty() ? "deleted" : "deleted; the sink goes on where it stands";
  if (move.after_last_record) return "no record at or after that time: the end";
  return move.clamped ? "clamped to the log" : "";
}

std::string text_of(const Number& value, const char* absent) {
  return value ? std::to_string(*value) : absent;
}

std::string signed_text(const Number& value) {
  return (value && *value > 0 ? "+" : "") + text_of(value, "-");
}

}  // namespace

void append_plans(OutBuffer& out, const std::vector<GroupPlan>& plans, OutputFormat format) {
  if (format == OutputFormat::ndjson) {
    for (const GroupPlan& plan : plans) {
      for (const Move& move : plan.moves) append_ndjson(out, plan.group, move);
    }
    return;
  }
  using Align = Table::Align;
  Table table({{"GROUP", Align::left, true},
               {"TOPIC"},
               {"PARTITION", Align::right},
               {"CURRENT", Align::right},
               {"NEW", Align::right},
               {"DELTA", Align::right},
               {"LOG-START", Align::right},
               {"LOG-END", Align::right},
               {"SINK", Align::left, true},
               {"NOTE", Align::left, true}});
  for (const GroupPlan& plan : plans) {
    for (const Move& move : plan.moves) {
      table.add_row({plans.size() > 1 ? plan.group : "", move.tp.topic,
                     std::to_string(move.tp.partition), text_of(move.current, "-"),
                     text_of(move.target, "-"), signed_text(move.delta()),
                     text_of(known(move.log_start), "?"), text_of(known(move.log_end), "?"),
                     move.target ? move.metadata.sink : move.lineage.sink, note(move)});
    }
  }
  table.append_to(out);
}

void append_prior(OutBuffer& out, const GroupPlan& plan) {
  for (const Move& move : plan.moves) {
    OutBuffer extra;
    append_text(extra, "group", plan.group);
    if (!move.lineage.sink.empty()) append_text(extra, "sink", move.lineage.sink);
    append_line(out, move.tp, move.current, move.lineage.generation, extra.view());
  }
}

}  // namespace kpipe::kseek
