// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/reject_table.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include "tools/ksink-pg/row_encoder.hpp"

namespace kpipe {
namespace {

// `line` is the record's own line: text, as jsonb would refuse \u0000, one of the reasons to be
// here.
constexpr std::string_view kColumns =
    "sink text, target text, topic text, partition integer, \"offset\" bigint, generation bigint, "
    "\"timestamp\" timestamptz, rejected_at timestamptz, sqlstate text, message text, "
    "column_name text, constraint_name text, line text";
constexpr std::string_view kNames =
    " (sink, target, topic, partition, \"offset\", generation, \"timestamp\", rejected_at, "
    "sqlstate, message, column_name, constraint_name, line) VALUES ";

/// Kafka takes any number, microseconds and nanoseconds too; a timestamptz ends in the year 294276.
/// What does not fit is in the line.
std::string timestamp_of(const Record& record) {
  constexpr std::int64_t first = -210'866'803'200'000;
  constexpr std::int64_t last = 9'224'318'015'999'999;
  if (!record.timestamp_ms || *record.timestamp_ms < first || *record.timestamp_ms > last)
    return "NULL";
  return "to_timestamp(" + std::to_string(*record.timestamp_ms) + "::numeric / 1000)";
}

}  // namespace

RejectTable::RejectTable(QualifiedName name, bool may_create)
    : given_(std::move(name)),
      may_create_(may_create),
      table_(given_, parse_columns(kColumns), may_create_, {}) {}

void RejectTable::open(PgConnection& connection, const Target& target) {
  target_ = target.display();
  QualifiedName name = given_;
  if (name.schema.empty()) name.schema = target.schema();
  table_ = Target(name, parse_columns(kColumns), may_create_, {});
  if (table_.display() == target.display())
    throw Error(Exit::usage, "--rejects: " + name.table + ": is the table that takes the rows");
  try {
    table_.find(connection);
  } catch (const ColumnsError&) {
    throw Error(Exit::config, "--rejects: table " + table_.display() +
                                  ": is not one that ksink-pg made for rejects: it needs the "
                                  "columns " +
                                  std::string(kColumns) + ". Name another, which is made then");
  }
  created_ = false;
}

void RejectTable::rolled_back() {
  if (created_) table_.forget();
  created_ = false;
}

void RejectTable::put(PgConnection& connection, const Batch& batch,
                      const std::vector<RefusedRow>& refusals, const std::string& sink) {
  if (!table_.exists()) {
    table_.create(connection, batch);
    created_ = true;
  }
  const std::string action = "cannot set records aside in " + table_.display();
  PgSavepoint savepoint(connection);
  try {
    connection.exec(statement(connection, batch, refusals, sink, false), action);
    savepoint.release();
    return;
  } catch (const PgError& error) {
    if (error.kind() != SqlStateClass::data) throw;
  }
  // The database's encoding may lack characters of the record. JSON can say them by escapes.
  savepoint.roll_back();
  connection.exec(statement(connection, batch, refusals, sink, true), action);
}

std::string RejectTable::statement(const PgConnection& connection, const Batch& batch,
                                   const std::vector<RefusedRow>& refusals, const std::string& sink,
                                   bool ascii) const {
  const auto text = [&](std::string_view value) {
    return connection.literal(ascii ? to_ascii_json(value) : std::string(value));
  };
  const auto optional = [&](std::string_view value) {
    return value.empty() ? std::string("NULL") : text(value);
  };
  std::string sql = "INSERT INTO " + table_.sql_name(connection) + std::string(kNames);
  const char* separator = "(";
  for (const RefusedRow& row : refusals) {
    const Batch::Entry& entry = batch.entries()[row.entries()->first];
    const Record& record = entry.record;
    const Refusal& refusal = row.refusal();
    sql += separator + text(sink) + ", " + text(target_) + ", " + text(record.topic) + ", " +
           std::to_string(record.partition) + ", " + std::to_string(record.offset) + ", " +
           std::to_string(record.generation) + ", " + timestamp_of(record) + ", now(), " +
           optional(refusal.sqlstate) + ", " + text(refusal.message) + ", " +
           optional(refusal.column) + ", " + optional(refusal.constraint) + ", " +
           text(entry.line) + ")";
    separator = ", (";
  }
  return sql;
}

}  // namespace kpipe
