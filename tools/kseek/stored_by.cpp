// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/stored_by.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kseek {
namespace {

void append_ndjson(OutBuffer& out, const std::string& group, const CommittedOffset& offset,
                   const CommitMetadata& metadata, bool is_ours) {
  OutBuffer extra;
  extra.append(",\"group\":");
  append_json_bytes(extra, group);
  extra.append(",\"sink\":");
  if (metadata.sink.empty()) {
    extra.append("null");
  } else {
    append_json_bytes(extra, metadata.sink);
  }
  if (!is_ours && !offset.metadata.empty()) {
    extra.append(",\"metadata\":");
    append_json_bytes(extra, offset.metadata);
  }
  append_checkpoint(out, {offset.tp, offset.offset, metadata.generation}, extra.view());
  out.append('\n');
}

}  // namespace

void append_stored_by(OutBuffer& out, const std::vector<GroupOffsets>& groups,
                      OutputFormat format) {
  using Align = Table::Align;
  Table table({{"GROUP", Align::left, true},
               {"TOPIC"},
               {"PARTITION", Align::right},
               {"COMMITTED", Align::right},
               {"GEN", Align::right, true},
               {"STORED-BY"}});
  for (const GroupOffsets& group : groups) {
    for (const CommittedOffset& offset : group.offsets) {
      CommitMetadata metadata;
      const bool is_ours = CommitMetadata::parse(offset.metadata, metadata);
      if (format == OutputFormat::ndjson) {
        append_ndjson(out, group.group, offset, metadata, is_ours);
        continue;
      }
      table.add_row({groups.size() > 1 ? group.group : "", offset.tp.topic,
                     std::to_string(offset.tp.partition), std::to_string(offset.offset),
                     is_ours ? std::to_string(metadata.generation) : "",
                     is_ours ? (metadata.sink.empty() ? "(kpipe, no sink)" : metadata.sink)
                             : "(another tool)"});
    }
  }
  if (format == OutputFormat::table) table.append_to(out);
}

}  // namespace kpipe::kseek
