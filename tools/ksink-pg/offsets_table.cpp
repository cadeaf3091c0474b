// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/offsets_table.hpp"

#include <algorithm>
#include <numeric>

#include "common/base/parse.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kName = "kpipe_offsets";
constexpr std::string_view kMark = "kpipe_offsets version ";

std::string create_statements(const std::string& table) {
  const auto comment = [&](const char* column, const char* text) {
    return "COMMENT ON COLUMN " + table + "." + column + " IS '" + text + "';";
  };
  // Rows are updated at every batch: room on the page keeps these updates off the index.
  return "CREATE TABLE IF NOT EXISTS " + table +
         " (sink text NOT NULL, topic text NOT NULL, partition integer NOT NULL, next_offset "
         "bigint NOT NULL,"
         " generation bigint NOT NULL DEFAULT 0, stored_rows bigint NOT NULL DEFAULT 0,"
         " source_group text NOT NULL DEFAULT '', cluster text NOT NULL DEFAULT '',"
         " updated_at timestamptz NOT NULL DEFAULT now(),"
         " PRIMARY KEY (sink, topic, partition)) WITH (fillfactor = 50);"
         "COMMENT ON TABLE " +
         table + " IS '" + std::string(kMark) + std::to_string(OffsetsTable::kVersion) +
         ": what ksink-pg has stored of each Kafka partition. Changed in the transactions that "
         "store the rows; "
         "never edit it while a pipeline runs.';" +
         comment("sink", "who stores: the target table, or --sink-id") +
         comment("next_offset", "next offset to read; all below it are stored") +
         comment("generation",
                 "counts deliberate replays (kseek); smaller generations are refused") +
         comment("stored_rows", "rows stored since the first record, replays included") +
         comment("source_group", "consumer group that fed this sink, if there was one") +
         comment("cluster", "id of the Kafka cluster, if it is known") +
         comment("updated_at", "when the last batch was stored");
}

std::vector<std::size_t> sorted_ranges(const Batch& batch) {
  std::vector<std::size_t> order(batch.ranges().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Two instances that move the same rows take them in the same order.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return batch.ranges()[a].tp < batch.ranges()[b].tp;
  });
  return order;
}

std::string bigint(std::int64_t value) {
  return std::to_string(value) + "::bigint";
}

}  // namespace

bool OffsetsTable::find(PgConnection& connection, const std::string& schema) {
  table_ = connection.identifier(schema) + "." + connection.identifier(kName);
  const PgResult found = connection.exec(
      "SELECT c, COALESCE(pg_catalog.obj_description(c, 'pg_class'), '')"
      " FROM pg_catalog.to_regclass(" +
          connection.literal(table_) + ") c WHERE c IS NOT NULL",
      "cannot look up " + table_);
  if (found.rows() == 0) return false;
  std::string_view comment = found.get(0, 1);
  if (!comment.starts_with(kMark)) return true;  // comments do not survive every dump
  comment.remove_prefix(kMark.size());
  const auto version = parse_int(comment.substr(0, comment.find(':')));
  if (version && *version > kVersion) {
    throw Error(Exit::config, table_ + ": has layout version " + std::to_string(*version) +
                                  ", which this ksink-pg does not know. Use the newer one");
  }
  return true;
}

void OffsetsTable::ensure(PgConnection& connection, const std::string& schema) {
  constexpr int attempts = 5;
  for (int attempt = 1; !find(connection, schema); ++attempt) {
    try {
      PgTransaction transaction(connection);
      lock_schema(connection, schema);
      connection.exec(create_statements(table_), "cannot create " + table_);
      transaction.commit("cannot create " + table_);
    } catch (const PgError& error) {
      if (error.kind() == SqlStateClass::permission) {
        throw Error(Exit::no_permission, std::string(error.what()) + ". GRANT CREATE ON SCHEMA " +
                                             connection.identifier(schema) +
                                             ", or run ksink-pg once as a role that may");
      }
      // Somebody without our lock was faster: unique_violation, duplicate_table, duplicate_object.
      const std::string& state = error.diagnostics().sqlstate;
      const bool race = state == "23505" || state == "42P07" || state == "42710";
      if (!race || attempt == attempts) throw;
    }
  }
}

std::vector<StoredPartition> OffsetsTable::read(PgConnection& connection) const {
  const PgResult found = connection.exec(
      "SELECT topic, partition, next_offset, generation, source_group, cluster, stored_rows,"
      " pg_catalog.to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
      " FROM " +
          table_ + " WHERE sink = " + connection.literal(sink_) +
          " ORDER BY topic COLLATE \"C\", partition",
      "cannot read " + table_);
  std::vector<StoredPartition> rows;
  for (int row = 0; row < found.rows(); ++row) {
    StoredPartition& stored = rows.emplace_back();
    stored.checkpoint.tp = {std::string(found.get(row, 0)),
                            static_cast<std::int32_t>(found.get_int(row, 1))};
    stored.checkpoint.offset = found.get_int(row, 2);
    stored.checkpoint.generation = found.get_int(row, 3);
    stored.source = {std::string(found.get(row, 4)), std::string(found.get(row, 5))};
    stored.rows = found.get_int(row, 6);
    stored.updated_at = found.get(row, 7);
  }
  return rows;
}

std::string OffsetsTable::move_statement(const PgConnection& connection, const Batch& batch,
                                         const std::vector<std::uint64_t>& rows,
                                         const SourceIdentity& source) const {
  std::string values;
  for (const std::size_t i : sorted_ranges(batch)) {
    const Batch::Range& range = batch.ranges()[i];
    const auto expected = [&](std::int64_t StoredOffset::*member) {
      return range.expected ? bigint((*range.expected).*member) : std::string("NULL::bigint");
    };
    if (!values.empty()) values += ", ";
    values += "(" + connection.literal(range.tp.topic) + "::text, " +
              std::to_string(range.tp.partition) + "::integer, " + expected(&StoredOffset::next) +
              ", " + expected(&StoredOffset::generation) + ", " + bigint(range.next) + ", " +
              bigint(range.generation) + ", " + bigint(static_cast<std::int64_t>(rows[i])) + ")";
  }
  const std::string sink = connection.literal(sink_) + "::text";
  const std::string group = connection.literal(source.group) + "::text";
  const std::string cluster = connection.literal(source.cluster) + "::text";
  const std::string count = std::to_string(batch.ranges().size());
  // A mismatch must keep the COMMIT behind this statement from being executed, so it has to be an
  // error: the failing cast shows its reason to whoever reads the server's log.
  return "WITH v (topic, partition, old_offset, old_generation, next_offset, generation, n) AS "
         "(VALUES " +
         values + "), moved AS (UPDATE " + table_ +
         " o SET next_offset = v.next_offset, generation = v.generation, stored_rows = "
         "o.stored_rows + v.n,"
         " source_group = COALESCE(NULLIF(" +
         group +
         ", ''), o.source_group),"
         " cluster = COALESCE(NULLIF(" +
         cluster +
         ", ''), o.cluster), updated_at = now() FROM v"
         " WHERE o.sink = " +
         sink +
         " AND o.topic = v.topic AND o.partition = v.partition"
         " AND o.next_offset = v.old_offset AND o.generation = v.old_generation RETURNING 1),"
         " added AS (INSERT INTO " +
         table_ +
         " (sink, topic, partition, next_offset, generation, stored_rows, source_group, cluster)"
         " SELECT " +
         sink + ", topic, partition, next_offset, generation, n, " + group + ", " + cluster +
         " FROM v WHERE old_offset IS NULL ORDER BY topic, partition"
         " ON CONFLICT (sink, topic, partition) DO NOTHING RETURNING 1),"
         " done AS (SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM added) AS n)"
         " SELECT CASE WHEN n = " +
         count +
         " THEN n ELSE"
         " ('kpipe: another instance stored first: ' || n || ' of " +
         count +
         " offsets are as expected')::bigint END"
         " FROM done";
}

}  // namespace kpipe
