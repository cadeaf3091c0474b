// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/run.hpp"

#include <unistd.h>

#include <cstdio>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/sink/sink_loop.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {
namespace {

std::string plural(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void append_member(OutBuffer& out, std::string_view name, std::string_view text) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_string(out, text);
}

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

}  // namespace

int ksink_pg_main(int argc, const char* const* argv) {
  const ParsedPgSinkOptions parsed = parse_pg_sink_options(argc, argv);
  if (parsed.exit) return *parsed.exit;
  PgSink sink(parsed.options);
  if (parsed.options.print_offsets) return print_offsets(sink);
  const SinkCounts counts = SinkLoop(STDIN_FILENO, sink, parsed.options.sink).run();
  std::string summary = "stored " + plural(counts.stored - sink.tombstones(), "record") + " in " +
                        sink.table() + ", " + plural(counts.duplicates, "duplicate") +
                        " dropped, " + plural(counts.batches, "transaction");
  if (sink.tombstones() > 0) {
    summary += ", " + plural(sink.tombstones(), "tombstone") +
               " skipped (append has no row for a null value)";
  }
  log::notice(summary);
  return 0;
}

}  // namespace kpipe
