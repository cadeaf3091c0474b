// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/offsets_commands.hpp"

#include <unistd.h>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

void append_member(OutBuffer& out, std::string_view name, std::string_view text) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_string(out, text);
}

}  // namespace

int print_offsets(PgSink& sink) {
  const auto rows = sink.peek();
  if (!rows) {
    throw Error(Exit::no_input, "table " + sink.table() +
                                    ": there is no kpipe_offsets in its schema: nothing was ever "
                                    "stored there by ksink-pg");
  }
  OutBuffer out;
  OutBuffer extra;
  for (const StoredPartition& row : *rows) {
    extra.clear();
    append_member(extra, "sink", sink.name());
    if (!row.source.group.empty()) append_member(extra, "group", row.source.group);
    if (!row.source.cluster.empty()) append_member(extra, "cluster", row.source.cluster);
    extra.append(",\"rows\":");
    extra.append_int(row.rows);
    append_member(extra, "updated_at", row.updated_at);
    append_checkpoint(out, row.checkpoint, extra.view());
    out.append('\n');
  }
  if (const int error = write_all(STDOUT_FILENO, out.view()); error != 0)
    throw system_error("stdout", error);
  return 0;
}

int set_offsets(PgSink& sink) {
  for (const OffsetChange& change : sink.set_offsets(read_offset_lines(STDIN_FILENO)))
    log::notice(change_text(change));
  return 0;
}

int forget_offsets(PgSink& sink) {
  const std::int64_t count = sink.forget_offsets();
  if (count == 0) {
    log::notice("sink " + sink.name() + ": nothing is stored, nothing to forget");
  } else {
    log::notice("sink " + sink.name() + ": forgot the offsets of " + std::to_string(count) +
                (count == 1 ? " partition" : " partitions"));
  }
  return 0;
}

}  // namespace kpipe
