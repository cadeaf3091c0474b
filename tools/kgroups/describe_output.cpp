// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/describe_output.hpp"

#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

void append_coordinator(OutBuffer& out, JsonFields& fields, const GroupCoordinator& coordinator) {
  fields.key("coordinator");
  if (coordinator.id < 0) {
    out.append("null");
    return;
  }
  out.append('{');
  JsonFields(out)
      .number("id", coordinator.id)
      .text("host", coordinator.host)
      .number("port", coordinator.port);
  out.append('}');
}

void append_member(OutBuffer& out, const GroupMember& member) {
  out.append('{');
  JsonFields fields(out);
  fields.text("member_id", member.member_id)
      .text("client_id", member.client_id)
      .text("host", member.host)
      .text_or_null("instance_id", member.instance_id)
      .key("assignment");
  out.append('[');
  for (std::size_t i = 0; i < member.assignment.size(); ++i) {
    out.append(i == 0 ? "{" : ",{");
    JsonFields(out)
        .text("topic", member.assignment[i].topic)
        .number("partition", member.assignment[i].partition);
    out.append('}');
  }
  out.append("]}");
}

void append_ndjson(OutBuffer& out, const GroupView& view, const LagLayout& layout) {
  const LagSum sum = total_of(sum_lags(view.partitions, LagBy::partition));
  const bool known = sum.partitions > sum.unknown;
  out.append('{');
  JsonFields fields(out);
  if (layout.time_ms) fields.number("time", layout.time_ms);
  fields.text("group", view.row.group)
      .text("state", view.row.state)
      .text("type", view.row.type)
      .text("protocol", view.row.protocol);
  append_coordinator(out, fields, view.description.coordinator);
  fields.key("members");
  if (view.row.members) {
    out.append('[');
    for (std::size_t i = 0; i < view.description.members.size(); ++i) {
      if (i > 0) out.append(',');
      append_member(out, view.description.members[i]);
    }
    out.append(']');
  } else {
    out.append("null");
  }
  fields.number("lag", known ? std::optional(sum.lag) : std::nullopt)
      .number("unknown", sum.unknown)
      .number("held_back", sum.held_back)
      .number("time_lag_ms", sum.time_lag_ms)
      .key("partitions");
  out.append('[');
  LagLayout line = layout;
  line.time_ms.reset();
  for (std::size_t i = 0; i < view.partitions.size(); ++i) {
    if (i > 0) out.append(',');
    append_partition_json(out, view.partitions[i], line, nullptr);
  }
  out.append(']');
  fields.text_or_null("error", view.row.error);
  out.append("}\n");
}

void append_line(OutBuffer& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out.append(name);
  out.append(std::string(13 - name.size(), ' '));
  out.append(Table::printable(value));
  out.append('\n');
}

std::string coordinator_text(const GroupCoordinator& coordinator) {
  if (coordinator.id < 0) return {};
  return "broker " + std::to_string(coordinator.id) + ", " + coordinator.host + ":" +
         std::to_string(coordinator.port);
}

void append_members_table(OutBuffer& out, const std::vector<GroupMember>& members, bool colours) {
  Table table({{"CLIENT-ID"},
               {"HOST"},
               {"INSTANCE-ID", Table::Align::left, true},
               {"PARTITIONS", Table::Align::right},
               {"ASSIGNMENT", Table::Align::left, true},
               {"MEMBER-ID"}});
  for (const GroupMember& member : members) {
    table.add_row({member.client_id, member.host, member.instance_id,
                   std::to_string(member.assignment.size()), assignment_text(member.assignment),
                   member.member_id});
  }
  out.append('\n');
  table.append_to(out, colours);
}

void append_tables(OutBuffer& out, const GroupView& view, const LagLayout& layout) {
  append_line(out, "Group", view.row.group);
  append_line(out, "State", view.row.state);
  append_line(out, "Type", view.row.type);
  append_line(out, "Protocol", view.row.protocol);
  append_line(out, "Coordinator", coordinator_text(view.description.coordinator));
  append_line(out, "Members", view.row.members ? std::to_string(*view.row.members) : "?");
  append_line(out, "Error", view.row.error);
  if (!view.description.members.empty())
    append_members_table(out, view.description.members, layout.colours);
  if (view.partitions.empty()) return;
  out.append('\n');
  LagLayout table = layout;
  table.time_ms.reset();
  append_partition_lags(out, view.partitions, table);
}

}  // namespace

void append_descriptions(OutBuffer& out, const Survey& survey, const LagLayout& layout) {
  for (std::size_t i = 0; i < survey.groups.size(); ++i) {
    if (layout.format == OutputFormat::ndjson) {
      append_ndjson(out, survey.groups[i], layout);
      continue;
    }
    if (i > 0) out.append('\n');
    append_tables(out, survey.groups[i], layout);
  }
}

}  // namespace kpipe::kgroups
