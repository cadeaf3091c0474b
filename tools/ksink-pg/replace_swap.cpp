// SPDX-License-Identifier: Apache-2.0
// Replacement: the swap.
#include <algorithm>

#include "tools/ksink-pg/replace_sql.hpp"
#include "tools/ksink-pg/replacement.hpp"
#include "tools/ksink-pg/source_end.hpp"
#include "tools/ksink-pg/table_key.hpp"

namespace kpipe {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

SwapCounts Replacement::swap(PgConnection& connection, const OffsetsTable& offsets,
                             const std::string& sink, const Target& aside, const SourceEnd& end) {
  if (committed_before(connection)) return counts_;
  hold();
  // Of the outcome of a transaction of rows, one statement must not be cut short by a limit that
  // is meant for queries; and what policies hide would stay in the table.
  const std::string settings =
      "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5s'; SET LOCAL row_security = "
      "off";
  PgTransaction transaction(connection);
  connection.exec(settings, "cannot prepare the swap");
  lock_tables(connection, aside);
  check_all_stored(end, offsets.read(connection), display());
  const bool empty =
      !aside.exists() || !connection
                              .exec("SELECT EXISTS (SELECT FROM " + aside_sql(connection) + ")",
                                    "cannot read " + aside_.table)
                              .is_true(0, 0);
  if (empty && !options_.allow_empty) {
    throw Error(Exit::data, "table " + display() +
                                ": keeps its old rows: the run brought none. To empty the table "
                                "then, say --allow-empty");
  }
  counts_ = {};
  std::string statements;
  if (aside.exists()) {
    connection.exec("ANALYZE " + aside_sql(connection), "cannot analyze " + aside_.table);
    counts_ = move_rows(connection);
    statements = "DROP TABLE " + aside_sql(connection) + "; ";
  }
  commit(connection, transaction,
         statements + offsets.hand_over_statements(connection, sink, target_.oid()));
  return counts_;
}

std::string Replacement::add_columns(PgConnection& connection) {
  if (!options_.rows.evolve || !had_target_ || swap_xid_) return {};
  const std::string table = target_.sql_name(connection);
  const PgResult found = connection.exec(
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
      " pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a WHERE "
      "a.attrelid = pg_catalog.to_regclass(" +
          connection.literal(aside_sql(connection)) +
          ") AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS (SELECT FROM "
          "pg_catalog.pg_attribute t WHERE t.attrelid = pg_catalog.to_regclass(" +
          connection.literal(table) +
          ") AND t.attname = a.attname AND NOT t.attisdropped)"
          " ORDER BY a.attnum",
      "cannot compare " + aside_.table + " with " + display());
  std::string sql;
  std::string comments;
  for (int row = 0; row < found.rows(); ++row) {
    const std::string name(found.get(row, 0));
    if (contains(first_columns_, name)) continue;  // was dropped: the swap says so
    const std::string column = connection.identifier(name);
    sql += (sql.empty() ? "ALTER TABLE " + table : ",") + " ADD COLUMN " + column + " " +
           std::string(found.get(row, 1));
    if (found.is_null(row, 2)) continue;
    comments += "; COMMENT ON COLUMN " + table + "." + column + " IS " +
                connection.literal(found.get(row, 2));
  }
  if (sql.empty()) return {};
  const std::string action = "cannot add columns to " + display() + " (--evolve add: " + sql + ")";
  PgTransaction transaction(connection);
  connection.exec("SET LOCAL lock_timeout = '5s'; " + sql + comments, action);
  transaction.commit(action);
  return sql;
}

/// A COMMIT whose answer was lost may have been carried out. The server knows.
bool Replacement::committed_before(PgConnection& connection) {
  if (!swap_xid_) return false;
  std::string status;
  try {
    const PgResult found = connection.exec("SELECT pg_catalog.txid_status(" + *swap_xid_ + ")",
                                           "cannot learn what became of the swap");
    status = found.get(0, 0);
  } catch (const PgError& error) {
    // A server that went back in time (failover) has not heard of it.
    if (error.kind() != SqlStateClass::data) throw;
  }
  if (status == "in progress") {
    throw PgError("cannot swap",
                  {"55006", "the COMMIT that was sent is still under way", "", "", "", ""});
  }
  return status == "committed";
}

void Replacement::lock_tables(PgConnection& connection, const Target& aside) {
  const auto wait_for = [&](const std::string& table, const std::string& name) {
    // Readers go on; who writes waits until the swap is done.
    connection.exec("LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE",
                    "cannot lock table " + name);
  };
  const auto oid_now = [&](const std::string& table) {
    return connection
        .exec("SELECT COALESCE(pg_catalog.to_regclass(" + connection.literal(table) +
                  ")::oid::bigint, 0)",
              "cannot look up " + table)
        .get_int(0, 0);
  };
  const std::string table = aside_sql(connection);
  lock_schema(connection, schema());
  if (oid_now(table) != aside.oid()) begin_again("another run of --strategy replace has begun");
  if (aside.exists()) wait_for(table, aside_.table);
  target_.find(connection);
  if (had_target_ != target_.exists()) begin_again("it was dropped or made while the run went on");
  created_ = false;
  if (!target_.exists() && aside.exists()) {
    connection.exec(
        "CREATE TABLE " + target_.sql_name(connection) + " (LIKE " + table + " INCLUDING ALL)",
        "cannot create table " + display());
    target_.find(connection);
    created_ = true;
  }
  if (!target_.exists()) return;
  wait_for(target_.sql_name(connection), display());
  if (oid_now(target_.sql_name(connection)) != target_.oid())
    begin_again("another table was put in its place");
  check_target(connection);
}

/// Those that the table aside has values for. It was made like the target, which may have been
/// altered since.
std::vector<std::string> Replacement::common_columns(PgConnection& connection) const {
  const PgResult found = connection.exec(
      "SELECT a.attname, COALESCE(t.atttypid = a.atttypid AND t.atttypmod = a.atttypmod AND "
      "t.attgenerated = '' AND t.attidentity <> 'a', false) FROM pg_catalog.pg_attribute a LEFT "
      "JOIN pg_catalog.pg_attribute t ON t.attrelid = " +
          std::to_string(target_.oid()) +
          " AND t.attname = a.attname AND NOT t.attisdropped WHERE a.attrelid = " +
          connection.literal(aside_sql(connection)) +
          "::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND "
          "a.attidentity <> 'a' ORDER BY a.attnum",
      "cannot compare " + aside_.table + " with " + display());
  std::vector<std::string> columns;
  for (int row = 0; row < found.rows(); ++row) {
    columns.emplace_back(found.get(row, 0));
    if (!found.is_true(row, 1))
      begin_again("its column " + columns.back() + " was altered while the run went on");
  }
  return columns;
}

SwapCounts Replacement::move_rows(PgConnection& connection) {
  const std::vector<std::string> columns = common_columns(connection);
  ReplacePlan plan{target_.sql_name(connection), aside_sql(connection), {}, {}, referenced_};
  for (const std::string& column : columns) plan.columns.push_back(connection.identifier(column));
  for (const UniqueIndex& index : read_unique_indexes(connection, plan.target)) {
    const bool filled =
        std::all_of(index.columns.begin(), index.columns.end(),
                    [&](const std::string& column) { return contains(columns, column); });
    if (!filled) continue;
    for (const std::string& column : index.columns)
      plan.key.push_back(connection.identifier(column));
    break;
  }
  if (referenced_ && plan.key.empty()) {
    throw Error(Exit::config,
                "table " + display() +
                    ": foreign keys of others point to it, and it has no unique index "
                    "of columns that records fill, by which to tell which rows stay "
                    "(--strategy replace). Create one");
  }
  try {
    const PgResult moved = connection.exec(plan.move(), "cannot replace the rows of " + display());
    return {moved.get_int(0, 0), moved.get_int(0, 1), moved.get_int(0, 2)};
  } catch (const PgError& error) {
    // Here it is no state that passes: the table is published, and has no replica identity.
    if (error.diagnostics().sqlstate != "55000") throw;
    throw Error(Exit::config, error.what());
  }
}

void Replacement::commit(PgConnection& connection, PgTransaction& transaction,
                         const std::string& statements) {
  const std::string action = "cannot replace the rows of " + display();
  swap_xid_ = connection.exec("SELECT pg_catalog.txid_current()", action).get(0, 0);
  connection.exec(statements + "; COMMIT", action);
  transaction.committed();
  lock_.release();
}

}  // namespace kpipe
