// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/list.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kgroups {
namespace {

void append_member(OutBuffer& out, std::string_view name, std::string_view value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_bytes(out, value);
}

void append_ndjson(OutBuffer& out, const GroupRow& row) {
  out.append("{\"group\":");
  append_json_bytes(out, row.group);
  append_member(out, "state", row.state);
  append_member(out, "type", row.type);
  append_member(out, "protocol", row.protocol);
  out.append(",\"members\":");
  out.append(row.members ? std::to_string(*row.members) : "null");
  if (!row.error.empty()) append_member(out, "error", row.error);
  out.append("}\n");
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

void append_group_rows(OutBuffer& out, const std::vector<GroupRow>& rows, OutputFormat format) {
  if (format == OutputFormat::ndjson) {
    for (const GroupRow& row : rows) append_ndjson(out, row);
    return;
  }
  Table table({{"GROUP"},
               {"STATE"},
               {"TYPE"},
               {"PROTOCOL", Table::Align::left, true},
               {"MEMBERS", Table::Align::right},
               {"ERROR", Table::Align::left, true}});
  for (const GroupRow& row : rows) {
    table.add_row({row.group, row.state, row.type, row.protocol,
                   row.members ? std::to_string(*row.members) : "?", row.error});
  }
  table.append_to(out);
}

}  // namespace kpipe::kgroups
