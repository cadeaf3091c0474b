// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/offsets_table.hpp"

#include <algorithm>
#include <numeric>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kName = "kpipe_offsets";
constexpr std::string_view kMark = "kpipe_offsets version ";

std::string comment(const std::string& table, const char* column, const char* text) {
  return ";COMMENT ON COLUMN " + table + "." + column + " IS '" + text + "'";
}

/// The comments that came or changed with version 2; they follow a statement.
std::string layout_comments(const std::string& table) {
  return ";COMMENT ON TABLE " + table + " IS '" + std::string(kMark) +
         std::to_string(OffsetsTable::kVersion) +
         ": what ksink-pg has stored of each Kafka partition. Changed in the transactions that "
         "store the rows; never edit it while a pipeline runs.'" +
         comment(table, "topic_id", "Kafka''s id of the topic, if it is known") +
         comment(table, "target_oid", "pg_class oid of the table that took the rows, if known");
}

std::string create_statements(const std::string& table) {
  // Rows are updated at every batch: room on the page keeps these updates off the index.
  return "CREATE TABLE IF NOT EXISTS " + table +
         " (sink text NOT NULL, topic text NOT NULL, partition integer NOT NULL, next_offset "
         "bigint NOT NULL,"
         " generation bigint NOT NULL DEFAULT 0, stored_rows bigint NOT NULL DEFAULT 0,"
         " source_group text NOT NULL DEFAULT '', cluster text NOT NULL DEFAULT '',"
         " updated_at timestamptz NOT NULL DEFAULT now(),"
         " topic_id text NOT NULL DEFAULT '', target_oid oid NOT NULL DEFAULT 0,"
         " PRIMARY KEY (sink, topic, partition)) WITH (fillfactor = 50)" +
         comment(table, "sink", "who stores: the target table, or --sink-id") +
         comment(table, "next_offset", "next offset to read; all below it are stored") +
         comment(table, "generation",
                 "counts deliberate replays (kseek); smaller generations are refused") +
         comment(table, "stored_rows", "rows stored since the first record, replays included") +
         comment(table, "source_group", "consumer group that fed this sink, if there was one") +
         comment(table, "cluster", "id of the Kafka cluster, if it is known") +
         comment(table, "updated_at", "when the last batch was stored") + layout_comments(table);
}

std::string upgrade_statement(const std::string& table) {
  return "ALTER TABLE " + table +
         " ADD COLUMN IF NOT EXISTS topic_id text NOT NULL DEFAULT '',"
         " ADD COLUMN IF NOT EXISTS target_oid oid NOT NULL DEFAULT 0";
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
      "SELECT (SELECT count(*) < 2 FROM pg_catalog.pg_attribute WHERE attrelid = c"
      " AND attname IN ('topic_id', 'target_oid') AND NOT attisdropped),"
      " COALESCE(pg_catalog.obj_description(c, 'pg_class'), ''),"
      " (SELECT relpersistence <> 'p' FROM pg_catalog.pg_class WHERE oid = c)"
      " FROM pg_catalog.to_regclass(" +
          connection.literal(table_) + ") c WHERE c IS NOT NULL",
      "cannot look up " + table_);
  older_ = false;
  if (found.rows() == 0) return false;
  older_ = found.is_true(0, 0);
  if (found.is_true(0, 2)) {
    throw Error(Exit::config, table_ +
                                  ": is unlogged: after a crash of PostgreSQL the offsets are "
                                  "gone while the rows stay. ALTER TABLE " +
                                  table_ + " SET LOGGED");
  }
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
  for (int attempt = 1; !find(connection, schema) || older_; ++attempt) {
    const bool upgrade = older_;
    try {
      PgTransaction transaction(connection);
      lock_schema(connection, schema);
      if (find(connection, schema) && !older_) return;  // another instance had the lock before us
      const std::string action =
          upgrade ? "cannot bring " + table_ + " to layout version " + std::to_string(kVersion)
                  : "cannot create " + table_;
      connection.exec(
          upgrade ? upgrade_statement(table_) + layout_comments(table_) : create_statements(table_),
          action);
      transaction.commit(action);
    } catch (const PgError& error) {
      if (error.kind() == SqlStateClass::permission) {
        const std::string remedy =
            upgrade
                ? ". Run ksink-pg once as its owner, or as the owner: " + upgrade_statement(table_)
                : ". GRANT CREATE ON SCHEMA " + connection.identifier(schema) +
                      ", or run ksink-pg once as a role that may";
        throw Error(Exit::no_permission, error.what() + remedy);
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
      " pg_catalog.to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')," +
          std::string(older_ ? " '', 0" : " topic_id, target_oid") + " FROM " + table_ +
          " WHERE sink = " + connection.literal(sink_) + " ORDER BY topic COLLATE \"C\", partition",
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
    stored.checkpoint.topic_id = found.get(row, 8);
    stored.target_oid = found.get_int(row, 9);
  }
  return rows;
}

void OffsetsTable::lock(PgConnection& connection) const {
  connection.exec("LOCK TABLE " + table_ + " IN SHARE ROW EXCLUSIVE MODE", "cannot lock " + table_);
}

void OffsetsTable::write(PgConnection& connection, const std::vector<StoredPartition>& rows) const {
  std::string values;
  for (const StoredPartition& row : rows) {
    const Checkpoint& checkpoint = row.checkpoint;
    if (!values.empty()) values += ", ";
    values += "(" + connection.literal(sink_) + ", " + connection.literal(checkpoint.tp.topic) +
              ", " + std::to_string(checkpoint.tp.partition) + ", " + bigint(checkpoint.offset) +
              ", " + bigint(checkpoint.generation) + ", " + bigint(row.rows) + ", " +
              connection.literal(row.source.group) + ", " + connection.literal(row.source.cluster) +
              ", " + connection.literal(checkpoint.topic_id) + ", " +
              std::to_string(row.target_oid) + ")";
  }
  connection.exec(
      "INSERT INTO " + table_ +
          " (sink, topic, partition, next_offset, generation, stored_rows, source_group, cluster,"
          " topic_id, target_oid) VALUES " +
          values +
          " ON CONFLICT (sink, topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset,"
          " generation = EXCLUDED.generation, stored_rows = EXCLUDED.stored_rows,"
          " source_group = EXCLUDED.source_group, cluster = EXCLUDED.cluster,"
          " topic_id = EXCLUDED.topic_id, target_oid = EXCLUDED.target_oid, updated_at = now()",
      "cannot write " + table_);
}

std::int64_t OffsetsTable::remove(PgConnection& connection) const {
  return connection
      .exec("WITH gone AS (DELETE FROM " + table_ + " WHERE sink = " + connection.literal(sink_) +
                " RETURNING 1) SELECT count(*) FROM gone",
            "cannot delete from " + table_)
      .get_int(0, 0);
}

std::string OffsetsTable::hand_over_statements(const PgConnection& connection,
                                               const std::string& sink,
                                               std::int64_t target_oid) const {
  return "DELETE FROM " + table_ + " WHERE sink = " + connection.literal(sink) + "; UPDATE " +
         table_ + " SET sink = " + connection.literal(sink) +
         ", target_oid = " + std::to_string(target_oid) +
         ", updated_at = now() WHERE sink = " + connection.literal(sink_);
}

std::string OffsetsTable::move_statement(const PgConnection& connection, const Batch& batch,
                                         const std::vector<std::uint64_t>& rows,
                                         const SourceIdentity& source, const Target& target) const {
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
              bigint(range.generation) + ", " + bigint(static_cast<std::int64_t>(rows[i])) + ", " +
              connection.literal(range.topic_id) + "::text)";
  }
  const std::string sink = connection.literal(sink_) + "::text";
  const std::string group = connection.literal(source.group) + "::text";
  const std::string cluster = connection.literal(source.cluster) + "::text";
  const std::string count = std::to_string(batch.ranges().size());
  const std::string oid = std::to_string(target.oid());
  const std::string oid_now = "COALESCE(pg_catalog.to_regclass(" +
                              connection.literal(target.sql_name(connection)) + ")::oid, 0)";
  // A mismatch must keep the COMMIT behind this statement from being executed, so it has to be an
  // error: the failing cast shows its reason to whoever reads the server's log.
  return "WITH v (topic, partition, old_offset, old_generation, next_offset, generation, n, id) AS "
         "(VALUES " +
         values + "), moved AS (UPDATE " + table_ +
         " o SET next_offset = v.next_offset, generation = v.generation, stored_rows = "
         "o.stored_rows + v.n,"
         " source_group = COALESCE(NULLIF(" +
         group +
         ", ''), o.source_group),"
         " cluster = COALESCE(NULLIF(" +
         cluster +
         ", ''), o.cluster), updated_at = now(), topic_id = COALESCE(NULLIF(v.id, ''), "
         "o.topic_id), target_oid = COALESCE(NULLIF(" +
         oid +
         "::oid, 0), o.target_oid) FROM v"
         " WHERE o.sink = " +
         sink +
         " AND o.topic = v.topic AND o.partition = v.partition"
         " AND o.next_offset = v.old_offset AND o.generation = v.old_generation RETURNING 1),"
         " added AS (INSERT INTO " +
         table_ +
         " (sink, topic, partition, next_offset, generation, stored_rows, source_group, cluster,"
         " topic_id, target_oid) SELECT " +
         sink + ", topic, partition, next_offset, generation, n, " + group + ", " + cluster +
         ", id, " + oid +
         " FROM v WHERE old_offset IS NULL ORDER BY topic, partition"
         " ON CONFLICT (sink, topic, partition) DO NOTHING RETURNING 1),"
         " done AS (SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM added) AS n)"
         " SELECT CASE WHEN n = " +
         count + " AND " + oid_now + " = " + oid +
         " THEN n ELSE"
         " ('kpipe: another instance stored first: ' || n || ' of " +
         count + " offsets are as expected, oid ' || " + oid_now + " || ' of the table for " + oid +
         "')::bigint END FROM done";
}

}  // namespace kpipe
