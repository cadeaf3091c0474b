// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/list.hpp"

#include <algorithm>

#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {
namespace {

void append_ndjson(OutBuffer& out, const GroupRow& row, std::optional<std::int64_t> time_ms) {
  out.append('{');
  JsonFields fields(out);
  if (time_ms) fields.number("time", time_ms);
  fields.text("group", row.group)
      .text("state", row.state)
      .text("type", row.type)
      .text("protocol", row.protocol)
      .number("members", row.members)
      .text_or_null("error", row.error);
  out.append("}\n");
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), normal_name(name)) != names.end();
}

}  // namespace

GroupRow make_group_row(const GroupListing& listing, const GroupDescription& description) {
  GroupRow row{listing.group, listing.state, listing.type, {}, std::nullopt, {}};
  if (!description.exists()) return row;
  if (description.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    row.error = description.error_text;
    return row;
  }
  if (description.state != "Unknown") row.state = description.state;
  if (description.type != "Unknown") row.type = description.type;
  row.protocol = description.assignor;
  row.members = description.members.size();
  return row;
}

GroupRow make_group_row(const OtherGroup& group) {
  return {group.group, group.state, group.type, group.protocol, group.members, {}};
}

bool chosen(const GroupRow& row, const std::vector<std::string>& states,
            const std::vector<std::string>& types) {
  return contains(states, row.state) && contains(types, row.type);
}

void append_group_rows(OutBuffer& out, const std::vector<GroupRow>& rows, OutputFormat format,
                       std::optional<std::int64_t> time_ms, bool colours) {
  if (format == OutputFormat::ndjson) {
    for (const GroupRow& row : rows) append_ndjson(out, row, time_ms);
    return;
  }
  Table table({{"GROUP"},
               {"STATE"},
               {"TYPE"},
               {"PROTOCOL", Table::Align::left, true},
               {"MEMBERS", Table::Align::right},
               {"ERROR", Table::Align::left, true}});
  for (const GroupRow& row : rows) {
    const bool rebalancing = row.state.ends_with("Rebalance");
    table.add_row({row.group, row.state, row.type, row.protocol,
                   row.members ? std::to_string(*row.members) : "?", row.error},
                  !row.error.empty() ? Table::Tone::alarm
                  : rebalancing      ? Table::Tone::warning
                                     : Table::Tone::plain);
  }
  table.append_to(out, colours);
}

}  // namespace kpipe::kgroups
