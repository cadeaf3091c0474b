// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/run.hpp"

#include <unistd.h>

#include <string>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/sink/sink_loop.hpp"
#include "tools/ksink-pg/first_batch.hpp"
#include "tools/ksink-pg/offsets_commands.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {
namespace {

std::string plural(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// "stored 3 records in public.orders, 1 record ignored": counts.sum() of `records` gave no row.
std::string text_of(const RowCounts& rows, std::uint64_t records, const PgSink& sink,
                    const PgSinkOptions& options, const std::string& between = {}) {
  const bool merged = options.rows.strategy == Strategy::merge;
  const std::string done = plural(records - rows.sum(), "record");
  std::string text = (options.replace ? "replaced the rows of " + sink.table() + " by " + done
                      : merged        ? "merged " + done + " into " + sink.table()
                                      : "stored " + done + " in " + sink.table()) +
                     between;
  if (rows.ignored > 0) text += ", " + plural(rows.ignored, "record") + " ignored";
  if (rows.removals > 0) text += ", " + plural(rows.removals, "delete");
  if (rows.rejected > 0)
    text += ", " + plural(rows.rejected, "record") + " set aside in " + sink.rejects();
  if (rows.skipped > 0)
    text += ", " + plural(rows.skipped, "tombstone") + " skipped (see --on-null)";
  return text;
}

int dry_run(PgSink& sink, const PgSinkOptions& options) {
  const FirstBatch first = read_first_batch(STDIN_FILENO, sink.peek(), options.sink);
  const Rehearsal rehearsal = sink.rehearse(first.batch);
  if (!rehearsal.statement.empty()) {
    if (const int error = write_all(STDOUT_FILENO, rehearsal.statement + ";\n"); error != 0)
      throw system_error("stdout", error);
  }
  log::notice("dry run, nothing was changed: would have " +
              text_of(rehearsal.counts, first.batch.entries().size(), sink, options,
                      ", " + plural(first.duplicates, "duplicate") + " dropped"));
  return 0;
}

}  // namespace

int ksink_pg_main(int argc, const char* const* argv) {
  const ParsedPgSinkOptions parsed = parse_pg_sink_options(argc, argv);
  if (parsed.exit) return *parsed.exit;
  PgSink sink(parsed.options);
  if (parsed.options.print_offsets) return print_offsets(sink);
  if (parsed.options.set_offsets) return set_offsets(sink);
  if (parsed.options.forget) return forget_offsets(sink);
  if (parsed.options.dry_run) return dry_run(sink, parsed.options);
  SinkLoop loop(STDIN_FILENO, sink, parsed.options.sink);
  const SinkCounts counts = loop.run();
  if (parsed.options.replace) {
    const SwapCounts rows = sink.replace(loop.source_end());
    log::info("rows of " + sink.table() + ": " + std::to_string(rows.removed) + " removed, " +
              std::to_string(rows.changed) + " changed, " + std::to_string(rows.added) + " added");
  }
  log::notice(text_of(sink.counts(), counts.stored, sink, parsed.options,
                      ", " + plural(counts.duplicates, "duplicate") + " dropped, " +
                          plural(counts.batches, "transaction")));
  return 0;
}

}  // namespace kpipe
