// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/run.hpp"

#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/sink/sink_loop.hpp"
#include "tools/ksink-pg/first_batch.hpp"
#include "tools/ksink-pg/offsets_commands.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg_sink.hpp"
#include "tools/ksink-pg/topic_sinks.hpp"

namespace kpipe {
namespace {

std::string plural(std::uint64_t count, const char* noun) {
  const std::string_view word(noun);
  return std::to_string(count) + " " + noun + (count == 1 ? "" : word.ends_with("ch") ? "es" : "s");
}

/// What the run was about, for people.
struct Place {
  std::string table;
  std::string rejects;
};

/// "stored 3 records in public.orders, 1 record ignored": counts.sum() of `records` gave no row.
std::string text_of(const RowCounts& rows, std::uint64_t records, const Place& place,
                    const PgSinkOptions& options, const std::string& between = {}) {
  const bool merged = options.rows.strategy == Strategy::merge;
  const std::string done = plural(records - rows.sum(), "record");
  std::string text = (options.replace ? "replaced the rows of " + place.table + " by " + done
                      : merged        ? "merged " + done + " into " + place.table
                                      : "stored " + done + " in " + place.table) +
                     between;
  if (rows.ignored > 0) text += ", " + plural(rows.ignored, "record") + " ignored";
  if (rows.removals > 0) text += ", " + plural(rows.removals, "delete");
  if (rows.rejected > 0)
    text += ", " + plural(rows.rejected, "record") + " set aside in " + place.rejects;
  if (rows.skipped > 0)
    text += ", " + plural(rows.skipped, "tombstone") + " skipped (see --on-null)";
  return text;
}

std::string text_of(const RowCounts& rows, const SinkCounts& counts, const Place& place,
                    const PgSinkOptions& options) {
  return text_of(rows, counts.stored, place, options,
                 ", " + plural(counts.duplicates, "duplicate") + " dropped, " +
                     plural(counts.batches, options.topics.empty() ? "transaction" : "batch"));
}

/// One of the commands that store no records, if it was given.
std::optional<int> command(const std::vector<SinkOfTopic>& sinks, const PgSinkOptions& options) {
  if (options.print_offsets) return print_offsets(sinks);
  if (options.set_offsets) return set_offsets(sinks);
  if (options.forget) return forget_offsets(sinks);
  return std::nullopt;
}

void print_statement(const std::string& statement) {
  if (statement.empty()) return;
  if (const int error = write_all(STDOUT_FILENO, statement + ";\n"); error != 0)
    throw system_error("stdout", error);
}

void say_dry_run(const RowCounts& rows, const FirstBatch& first, const Place& place,
                 const PgSinkOptions& options) {
  log::notice("dry run, nothing was changed: would have " +
              text_of(rows, first.batch.entries().size(), place, options,
                      ", " + plural(first.duplicates, "duplicate") + " dropped"));
}

Place place_of(const PgSink& sink, const PgSinkOptions& options) {
  return {sink.table(), options.rejects.set_aside() ? sink.rejects() : std::string()};
}

int one_table(const PgSinkOptions& options) {
  PgSink sink(options);
  if (const auto status = command({{"", &sink}}, options)) return *status;
  if (options.dry_run) {
    const FirstBatch first = read_first_batch(STDIN_FILENO, sink.peek(), options.sink);
    const Rehearsal rehearsal = sink.rehearse(first.batch);
    print_statement(rehearsal.statement);
    say_dry_run(rehearsal.counts, first, place_of(sink, options), options);
    return 0;
  }
  SinkLoop loop(STDIN_FILENO, sink, options.sink);
  const SinkCounts counts = loop.run();
  if (options.replace) {
    const SwapCounts rows = sink.replace(loop.source_end());
    log::info("rows of " + sink.table() + ": " + std::to_string(rows.removed) + " removed, " +
              std::to_string(rows.changed) + " changed, " + std::to_string(rows.added) + " added");
  }
  log::notice(text_of(sink.counts(), counts, place_of(sink, options), options));
  return 0;
}

Place place_of(const TopicSinks& sinks, const PgSinkOptions& options) {
  Place place = place_of(*sinks.parts().front().sink, options);
  place.table = "the tables of " + plural(sinks.parts().size(), "topic");
  return place;
}

int dry_run(TopicSinks& sinks, const PgSinkOptions& options) {
  std::vector<StoredPartition> stored;
  for (const TopicSinks::Part& part : sinks.parts()) {
    for (const StoredPartition& row : part.sink->peek().value_or(std::vector<StoredPartition>{})) {
      if (row.checkpoint.tp.topic == part.topic) stored.push_back(row);
    }
  }
  const FirstBatch first = read_first_batch(STDIN_FILENO, stored, options.sink);
  const std::vector<Batch> shares = sinks.split(first.batch);
  RowCounts rows;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].empty()) continue;
    const Rehearsal rehearsal = sinks.parts()[i].sink->rehearse(shares[i]);
    print_statement(rehearsal.statement);
    rows += rehearsal.counts;
  }
  say_dry_run(rows, first, place_of(sinks, options), options);
  return 0;
}

int table_of_each_topic(const PgSinkOptions& options) {
  TopicSinks sinks(options);
  std::vector<SinkOfTopic> parts;
  for (const TopicSinks::Part& part : sinks.parts()) parts.push_back({part.topic, part.sink.get()});
  if (const auto status = command(parts, options)) return *status;
  if (options.dry_run) return dry_run(sinks, options);
  SinkLoop loop(STDIN_FILENO, sinks, options.sink);
  const SinkCounts counts = loop.run();
  log::notice(text_of(sinks.counts(), counts, place_of(sinks, options), options));
  return 0;
}

}  // namespace

int ksink_pg_main(int argc, const char* const* argv) {
  const ParsedPgSinkOptions parsed = parse_pg_sink_options(argc, argv);
  if (parsed.exit) return *parsed.exit;
  return parsed.options.topics.empty() ? one_table(parsed.options)
                                       : table_of_each_topic(parsed.options);
}

}  // namespace kpipe
