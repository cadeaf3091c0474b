// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/replacement.hpp"

#include <algorithm>

#include "tools/ksink-pg/aside_name.hpp"

namespace kpipe {

Replacement::Replacement(const PgSinkOptions& options)
    : options_(options),
      target_(options.table, options.columns, options.create_table, options.rows),
      lock_(options.dsn) {}

std::string Replacement::aside_sql(const PgConnection& connection) const {
  return connection.identifier(aside_.schema) + "." + connection.identifier(aside_.table);
}

void Replacement::begin_again(const std::string& why) const {
  throw Error(Exit::temp_fail,
              "table " + display() + ": keeps its old rows: " + why + ". Start the pipeline again");
}

void Replacement::find(PgConnection& connection) {
  target_.find(connection);
  aside_ = {target_.schema(), options_.dry_run ? aside_name(target_.table(), "_kpipe_dry_run")
                                               : aside_name(target_.table())};
  had_target_ = target_.exists();
  if (had_target_) check_target(connection);
}

/// What hangs on the target may be changed with its rows, or keep them from being replaced.
void Replacement::check_target(PgConnection& connection) {
  const PgResult facts = connection.exec(
      "SELECT c.relkind = 'v',"
      " EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid),"
      " c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = "
      "c.oid),"
      " EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND (f.confrelid = "
      "c.oid OR f.confrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))))"
      " FROM pg_catalog.pg_class c WHERE c.oid = " +
          std::to_string(target_.oid()),
      "cannot look up what hangs on " + display());
  if (facts.rows() == 0) begin_again("it was dropped meanwhile");
  const char* const reason = facts.is_true(0, 0)   ? "a view"
                             : facts.is_true(0, 1) ? "a table with rules"
                             : facts.is_true(0, 2) ? "a table that others inherit from"
                                                   : nullptr;
  if (reason != nullptr) {
    throw Error(Exit::config, "table " + display() + ": is " + reason +
                                  ": its rows cannot be replaced as a whole (--strategy replace). "
                                  "Name a plain table");
  }
  referenced_ = facts.is_true(0, 3);
}

void Replacement::begin(PgConnection& connection, OffsetsTable& offsets) {
  hold();
  PgTransaction transaction(connection);
  lock_schema(connection, schema());
  drop_leftover(connection);
  offsets.remove(connection);
  make_aside(connection);
  transaction.commit("cannot make " + aside_.table);
}

void Replacement::drop_leftover(PgConnection& connection) {
  const std::string table = aside_sql(connection);
  const PgResult found = connection.exec(
      "SELECT pg_catalog.obj_description(c.oid, 'pg_class') FROM "
      "pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(" +
          connection.literal(table) + ")",
      "cannot look up " + table);
  if (found.rows() == 0) return;
  if (found.get(0, 0) != aside_comment(display())) {
    throw Error(Exit::config, "table " + display_name(aside_) + ": stands where the new rows of " +
                                  display() +
                                  " are to be collected (--strategy replace), and is not of "
                                  "ksink-pg's making. Rename it");
  }
  connection.exec("DROP TABLE " + table, "cannot drop " + table + ", which a run before left");
}

void Replacement::make_aside(PgConnection& connection) {
  if (options_.dry_run) drop_leftover(connection);
  if (!had_target_) return;
  const std::string table = aside_sql(connection);
  const std::string action = "cannot make " + table + " like " + display();
  const bool shaped = shaped_by_triggers(connection);
  connection.exec("CREATE TABLE " + table + " (LIKE " + target_.sql_name(connection) +
                      " INCLUDING ALL EXCLUDING IDENTITY EXCLUDING STATISTICS" +
                      (shaped ? " EXCLUDING CONSTRAINTS" : "") +
                      (shaped && !options_.rows.key.given() ? " EXCLUDING INDEXES" : "") +
                      "); COMMENT ON TABLE " + table + " IS " +
                      connection.literal(aside_comment(display())),
                  action);
  std::string sql;
  if (shaped) sql += free_columns(connection);
  // Identities: those that records may fill take the numbers that they lack from the table's own
  // sequence; the others are the table's affair, at the swap.
  const PgResult identities = connection.exec(
      "SELECT a.attname, a.attidentity, pg_catalog.pg_get_serial_sequence(" +
          connection.literal(target_.sql_name(connection)) +
          ", a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = " +
          std::to_string(target_.oid()) + " AND a.attidentity <> '' AND NOT a.attisdropped",
      action);
  for (int row = 0; row < identities.rows(); ++row) {
    const std::string alter =
        "; ALTER TABLE " + table + " ALTER COLUMN " + connection.identifier(identities.get(row, 0));
    sql += identities.get(row, 1) == "a" ? alter + " ADD GENERATED ALWAYS AS IDENTITY"
                                         : alter + " SET DEFAULT pg_catalog.nextval(" +
                                               connection.literal(identities.get(row, 2)) + ")";
  }
  // What only speeds up queries would slow the filling down.
  const PgResult indexes = connection.exec(
      "SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_index i JOIN "
      "pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = " +
          connection.literal(table) + "::regclass AND NOT i.indisunique AND NOT i.indisexclusion",
      action);
  for (int row = 0; row < indexes.rows(); ++row) {
    sql += "; DROP INDEX " + connection.identifier(aside_.schema) + "." +
           std::string(indexes.get(row, 0));
  }
  if (!sql.empty()) connection.exec(sql.substr(2), action);
  refuse_published(connection);
  const PgResult columns =
      connection.exec("SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = " +
                          std::to_string(target_.oid()) + " AND attnum > 0 AND NOT attisdropped",
                      action);
  first_columns_.clear();
  for (int row = 0; row < columns.rows(); ++row) first_columns_.emplace_back(columns.get(row, 0));
}

/// Triggers give rows their last form before constraints look at them; they fire at the swap only.
bool Replacement::shaped_by_triggers(PgConnection& connection) const {
  // Type bits of pg_trigger.h: ROW, BEFORE, INSERT.
  return connection
      .exec("SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = " +
                std::to_string(target_.oid()) +
                " AND g.tgtype & 7 = 7 AND NOT g.tgisinternal AND g.tgenabled <> 'D')",
            "cannot look up the triggers of " + display())
      .is_true(0, 0);
}

/// Lets columns of the table aside be NULL, but for identities and those of its primary key.
std::string Replacement::free_columns(PgConnection& connection) const {
  const std::string table = aside_sql(connection);
  const PgResult columns = connection.exec(
      "SELECT a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute t ON "
      "t.attrelid = " +
          std::to_string(target_.oid()) +
          " AND t.attname = a.attname AND t.attidentity = '' WHERE a.attrelid = " +
          connection.literal(table) +
          "::regclass AND a.attnum > 0 AND a.attnotnull AND NOT EXISTS (SELECT FROM "
          "pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND "
          "a.attnum = ANY (i.indkey))",
      "cannot read the columns of " + table);
  std::string sql;
  for (int row = 0; row < columns.rows(); ++row) {
    sql += "; ALTER TABLE " + table + " ALTER COLUMN " +
           connection.identifier(columns.get(row, 0)) + " DROP NOT NULL";
  }
  return sql;
}

void Replacement::adopt(PgConnection& connection, const Target& aside) {
  connection.exec("COMMENT ON TABLE " + aside.sql_name(connection) + " IS " +
                      connection.literal(aside_comment(display())),
                  "cannot mark " + aside_.table);
  refuse_published(connection);
}

/// Subscribers do not have the table aside and would stop.
void Replacement::refuse_published(PgConnection& connection) const {
  const PgResult found = connection.exec(
      "SELECT min(pubname) FROM pg_catalog.pg_publication_tables WHERE schemaname = " +
          connection.literal(aside_.schema) +
          " AND tablename = " + connection.literal(aside_.table),
      "cannot read the publications");
  if (found.is_null(0, 0)) return;
  throw Error(Exit::config,
              "table " + display() + ": publication " + std::string(found.get(0, 0)) +
                  " takes all tables, and so the one beside it (" + aside_.table +
                  ") in which --strategy replace collects the new rows; subscribers do not have "
                  "it. Publish tables by name, or use --strategy merge");
}

}  // namespace kpipe
