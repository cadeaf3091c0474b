// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/target.hpp"

#include <algorithm>
#include <utility>

#include "tools/ksink-pg/infer.hpp"

namespace kpipe {
namespace {

/// Class of our advisory locks: "kpip" in ASCII. The object is the schema's oid.
constexpr const char* kLockClass = "1802529136";

/// Comment of the jsonb columns that we infer for a field, so that they are not taken for the
/// column of all fields that have none.
constexpr const char* kOneField = "kpipe: one field of the value";

ColumnKind kind_of(std::string_view base_type, bool is_array) {
  const bool is_json = base_type == "json" || base_type == "jsonb";
  if (is_array) return is_json ? ColumnKind::json_array : ColumnKind::array;
  if (is_json) return ColumnKind::json;
  if (base_type == "bytea") return ColumnKind::bytea;
  if (base_type == "timestamptz" || base_type == "timestamp") return ColumnKind::instant;
  return ColumnKind::plain;
}

/// What COPY and our guarantee need of a table; empty if it is fine.
std::string unfit(char kind, char persistence, bool partition_unlogged) {
  if (kind == 'v' || kind == 'm') return "a view. Name the table behind it";
  if (kind == 'f')
    return "a foreign table, whose rows are not stored in one transaction with the offsets";
  if (kind != 'r' && kind != 'p') return "not a table";
  if (persistence == 't') return "a temporary table, which no other session sees";
  if (persistence == 'u' || partition_unlogged) {
    return "unlogged: after a crash of PostgreSQL its rows are gone while the stored offsets stay. "
           "ALTER TABLE ... SET LOGGED";
  }
  return {};
}

}  // namespace

void lock_schema(PgConnection& connection, const std::string& schema) {
  connection.exec(
      std::string("SELECT pg_catalog.pg_advisory_xact_lock(") + kLockClass +
          ", oid::bigint::bit(32)::integer) FROM pg_catalog.pg_namespace WHERE nspname = " +
          connection.literal(schema),
      "cannot lock schema " + schema);
}

Target::Target(QualifiedName name, std::vector<ColumnDefinition> declared, bool may_create)
    : given_(std::move(name)),
      declared_(std::move(declared)),
      may_create_(may_create),
      name_(given_) {}

std::string Target::sql_name(const PgConnection& connection) const {
  const std::string table = connection.identifier(name_.table);
  return name_.schema.empty() ? table : connection.identifier(name_.schema) + "." + table;
}

void Target::find(PgConnection& connection) {
  name_ = given_;
  const PgResult found = connection.exec(
      "SELECT n.nspname, c.relname, c.relkind, c.relpersistence,"
      " EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class p ON "
      "p.oid = t.relid"
      " WHERE p.relpersistence <> 'p'), c.oid"
      " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.oid = pg_catalog.to_regclass(" +
          connection.literal(sql_name(connection)) + ")",
      "cannot look up table " + display());
  check_types(connection);
  oid_ = found.rows() == 1 ? found.get_int(0, 5) : 0;
  if (!exists()) {
    resolve_schema(connection);
    if (may_create_) return;
    throw Error(
        Exit::no_input,
        "table " + display() +
            ": does not exist. Create it, or let it be created (leave out --no-create-table)");
  }
  name_ = {std::string(found.get(0, 0)), std::string(found.get(0, 1))};
  const std::string reason =
      unfit(found.get(0, 2).front(), found.get(0, 3).front(), found.is_true(0, 4));
  if (!reason.empty()) throw Error(Exit::config, "table " + display() + ": is " + reason);
  read_columns(connection);
}

void Target::resolve_schema(PgConnection& connection) {
  const PgResult schema = connection.exec(
      given_.schema.empty() ? std::string("SELECT pg_catalog.current_schema()")
                            : "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = " +
                                  connection.literal(given_.schema),
      "cannot look up the schema of " + display());
  if (schema.rows() == 1 && !schema.is_null(0, 0)) {
    name_.schema = schema.get(0, 0);
    return;
  }
  throw Error(
      Exit::config,
      given_.schema.empty()
          ? "table " + display() + ": search_path names no schema that exists. Write SCHEMA.TABLE"
          : "schema " + given_.schema + ": does not exist. CREATE SCHEMA " +
                connection.identifier(given_.schema));
}

void Target::check_types(PgConnection& connection) {
  declared_oids_.clear();
  for (const ColumnDefinition& column : declared_) {
    const std::string type = column.type.empty() ? "jsonb" : column.type;
    std::string problem = "there is no such type";
    try {
      const PgResult oid =
          connection.exec("SELECT pg_catalog.to_regtype(" + connection.literal(type) + ")::oid",
                          "cannot look up type " + type);
      if (!oid.is_null(0, 0)) {
        declared_oids_.emplace_back(oid.get(0, 0));
        continue;
      }
    } catch (const PgError& error) {
      if (error.kind() != SqlStateClass::schema && error.kind() != SqlStateClass::data) throw;
      problem = error.diagnostics().message;
    }
    throw Error(Exit::usage, "--columns: " + column.name + " " + type + ": " + problem);
  }
}

void Target::read_columns(PgConnection& connection) {
  const PgResult found = connection.exec(
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid,"
      " COALESCE(e.typname, b.typname, t.typname), COALESCE(b.typcategory, t.typcategory) = 'A' "
      "AND e.oid IS NOT NULL,"
      " a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,"
      " a.attgenerated <> '' OR a.attidentity = 'a',"
      " COALESCE(pg_catalog.col_description(a.attrelid, a.attnum) = " +
          connection.literal(kOneField) +
          ", false)"
          " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
          " LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype"
          " LEFT JOIN pg_catalog.pg_type e ON e.typarray = COALESCE(b.oid, t.oid)"
          " WHERE a.attrelid = " +
          connection.literal(sql_name(connection)) +
          "::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      "cannot read the columns of " + display());
  columns_.clear();
  std::vector<std::string> oids;
  for (int row = 0; row < found.rows(); ++row) {
    const std::string name(found.get(row, 0));
    const auto declared =
        std::find_if(declared_.begin(), declared_.end(),
                     [&](const ColumnDefinition& column) { return column.name == name; });
    if (!declared_.empty() && declared == declared_.end()) continue;
    const bool generated = found.is_true(row, 6);
    if (declared != declared_.end()) {
      const std::string& oid =
          declared_oids_[static_cast<std::size_t>(declared - declared_.begin())];
      if (generated)
        throw Error(Exit::config,
                    "--columns: " + name + ": its values are generated in " + display());
      if (!declared->type.empty() && oid != found.get(row, 2)) {
        throw Error(Exit::config, "--columns: " + name + " " + declared->type + ": is of type " +
                                      std::string(found.get(row, 1)) + " in " + display());
      }
    }
    if (generated) continue;
    const std::string_view base_type = found.get(row, 3);
    const bool is_array = found.is_true(row, 4);
    Column& column = columns_.emplace_back();
    column.name = name;
    column.type = found.get(row, 1);
    column.kind = kind_of(base_type, is_array);
    column.may_take_rest = base_type == "jsonb" && !is_array && !found.is_true(row, 7);
    column.has_default = found.is_true(row, 5);
  }
  for (const ColumnDefinition& column : declared_) {
    if (std::none_of(columns_.begin(), columns_.end(),
                     [&](const Column& c) { return c.name == column.name; })) {
      throw Error(
          Exit::config,
          "--columns: " + column.name + ": " + display() +
              " exists and has no such column. Add it (ALTER TABLE), or leave out --columns");
    }
  }
  if (columns_.empty())
    throw Error(Exit::config, "table " + display() + ": has no column that rows can fill");
}

std::string Target::create(PgConnection& connection, const Batch& batch) {
  lock_schema(connection, name_.schema);
  find(connection);
  if (exists()) return {};
  const bool inferred = declared_.empty();
  const std::vector<ColumnDefinition> columns = inferred ? infer_columns(batch) : declared_;
  const std::string table = sql_name(connection);
  std::string sql = "CREATE TABLE " + table;
  std::string comments;
  const char* separator = " (";
  for (const ColumnDefinition& column : columns) {
    const std::string name = connection.identifier(column.name);
    sql += separator + name + " " + (column.type.empty() ? "jsonb" : column.type);
    separator = ", ";
    if (inferred && columns.size() > 1 && column.type == "jsonb") {
      comments +=
          "; COMMENT ON COLUMN " + table + "." + name + " IS " + connection.literal(kOneField);
    }
  }
  sql += ")";
  connection.exec(sql + comments, "cannot create table " + display());
  find(connection);
  return sql;
}

}  // namespace kpipe
