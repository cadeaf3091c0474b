// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/target.hpp"

#include <algorithm>
#include <utility>

#include "tools/ksink-pg/table_key.hpp"

namespace kpipe {
namespace {

/// Class of our advisory locks: "kpip" in ASCII. The object is the schema's oid.
constexpr const char* kLockClass = "1802529136";

ColumnKind kind_of(std::string_view base_type, bool is_array) {
  const auto either = [&](ColumnKind one, ColumnKind array) { return is_array ? array : one; };
  if (base_type == "json" || base_type == "jsonb")
    return either(ColumnKind::json, ColumnKind::json_array);
  if (base_type == "bytea") return either(ColumnKind::bytea, ColumnKind::bytea_array);
  if (base_type == "timestamptz" || base_type == "timestamp")
    return either(ColumnKind::instant, ColumnKind::instant_array);
  if (base_type == "time" || base_type == "timetz")
    return either(ColumnKind::time, ColumnKind::time_array);
  if (base_type == "hstore" && !is_array) return ColumnKind::hstore;
  return either(ColumnKind::plain, ColumnKind::array);
}

/// Why rows cannot be stored in a view by this policy; empty if they can.
std::string unfit_view(bool has_trigger, const RowPolicy& policy) {
  const std::string other = "Name the table behind it";
  if (!has_trigger)
    return "a view without an INSTEAD OF INSERT trigger, which COPY needs. " + other +
           ", or create the trigger";
  if (policy.strategy != Strategy::append || policy.key.given())
    return "a view, which has no key to tell rows apart by. " + other +
           ", or use --strategy append without --primary-key";
  if (policy.evolve)
    return "a view, to which no column can be added. " + other + ", or leave out --evolve";
  return {};
}

/// What COPY and our guarantee need of a table; empty if it is fine.
std::string unfit(char kind, char persistence, bool partition_unlogged) {
  if (kind == 'm') return "a materialized view. Name the table behind it";
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

Target::Target(QualifiedName name, std::vector<ColumnDefinition> declared, bool may_create,
               RowPolicy policy)
    : given_(std::move(name)),
      declared_(std::move(declared)),
      may_create_(may_create),
      policy_(std::move(policy)),
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
      " WHERE p.relpersistence <> 'p'), c.oid,"
      // Type bits of pg_trigger.h: ROW, INSERT, INSTEAD.
      " EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 69 = 69)"
      " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.oid = pg_catalog.to_regclass(" +
          connection.literal(sql_name(connection)) + ")",
      "cannot look up table " + display());
  check_types(connection);
  oid_ = found.rows() == 1 ? found.get_int(0, 5) : 0;
  if (!exists()) {
    resolve_schema(connection);
    given_.schema = name_.schema;
    if (may_create_) return;
    throw Error(
        Exit::no_input,
        "table " + display() +
            ": does not exist. Create it, or let it be created (leave out --no-create-table)");
  }
  name_ = {std::string(found.get(0, 0)), std::string(found.get(0, 1))};
  // What was found once stays: another session may have another search_path, in pgbouncer's
  // transaction mode one that somebody else has left there. The stored offsets are in this schema.
  given_.schema = name_.schema;
  const char kind = found.get(0, 2).front();
  const std::string reason = kind == 'v'
                                 ? unfit_view(found.is_true(0, 6), policy_)
                                 : unfit(kind, found.get(0, 3).front(), found.is_true(0, 4));
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
      // A domain's values are read by the type behind it, and that may be a domain again.
      "WITH RECURSIVE chain AS (SELECT oid AS type, oid, typname, typbasetype FROM "
      "pg_catalog.pg_type UNION ALL SELECT c.type, t.oid, t.typname, t.typbasetype FROM chain c "
      "JOIN pg_catalog.pg_type t ON t.oid = c.typbasetype), "
      "base AS (SELECT type, oid, typname FROM chain WHERE typbasetype = 0) "
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid,"
      " COALESCE(eb.typname, b.typname), eb.oid IS NOT NULL,"
      " a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,"
      " a.attgenerated <> '' OR a.attidentity = 'a',"
      " COALESCE(pg_catalog.col_description(a.attrelid, a.attnum) = " +
          connection.literal(kOneField) +
          ", false)"
          " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
          " JOIN base b ON b.type = t.oid"
          " LEFT JOIN pg_catalog.pg_type e ON e.typarray = b.oid"
          " LEFT JOIN base eb ON eb.type = e.oid"
          " WHERE a.attrelid = " +
          connection.literal(sql_name(connection)) +
          "::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      "cannot read the columns of " + display());
  const std::vector<std::string> key =
      policy_.strategy == Strategy::append && !policy_.key.of_record
          ? std::vector<std::string>{}
          : choose_key(policy_, read_unique_indexes(connection, sql_name(connection)), display());
  columns_.clear();
  generated_.clear();
  for (int row = 0; row < found.rows(); ++row) {
    const std::string name(found.get(row, 0));
    const auto declared =
        std::find_if(declared_.begin(), declared_.end(),
                     [&](const ColumnDefinition& column) { return column.name == name; });
    const bool is_key = std::find(key.begin(), key.end(), name) != key.end();
    const Metadata metadata = is_key ? Metadata::none : metadata_of(name);
    if (!declared_.empty() && declared == declared_.end() && !is_key && metadata == Metadata::none)
      continue;
    const bool generated = found.is_true(row, 6);
    if (declared != declared_.end()) {
      const std::string& oid =
          declared_oids_[static_cast<std::size_t>(declared - declared_.begin())];
      if (generated)
        throw ColumnsError("--columns: " + name + ": its values are generated in " + display());
      if (!declared->type.empty() && oid != found.get(row, 2)) {
        throw ColumnsError("--columns: " + name + " " + declared->type + ": is of type " +
                           std::string(found.get(row, 1)) + " in " + display());
      }
    }
    if (generated) {
      generated_.insert(name);
      continue;
    }
    const std::string_view base_type = found.get(row, 3);
    const bool is_array = found.is_true(row, 4);
    Column& column = columns_.emplace_back();
    column.name = name;
    column.type = found.get(row, 1);
    column.kind = kind_of(base_type, is_array);
    column.may_take_rest =
        base_type == "jsonb" && !is_array && !found.is_true(row, 7) && metadata == Metadata::none;
    column.has_default = found.is_true(row, 5);
    column.metadata = metadata;
    if (declared != declared_.end()) column.path = declared->path;
  }
  for (const ColumnDefinition& column : declared_) {
    if (std::none_of(columns_.begin(), columns_.end(),
                     [&](const Column& c) { return c.name == column.name; })) {
      throw ColumnsError(
          "--columns: " + column.name + ": " + display() +
          " exists and has no such column. Add it (ALTER TABLE), or leave out --columns");
    }
  }
  if (columns_.empty())
    throw Error(Exit::config, "table " + display() + ": has no column that rows can fill");
  const bool has_metadata = std::any_of(columns_.begin(), columns_.end(), [](const Column& column) {
    return column.metadata != Metadata::none;
  });
  if (policy_.metadata_columns && !has_metadata) {
    throw Error(Exit::config,
                "table " + display() +
                    ": has none of the columns that --metadata-columns fills, such as "
                    "_kafka_offset. Add those that you want (ALTER TABLE)");
  }
  find_key(key);
}

/// What --metadata-columns gives to the column of this name.
Metadata Target::metadata_of(std::string_view name) const {
  if (!policy_.metadata_columns) return Metadata::none;
  for (const MetadataColumn& column : kMetadataColumns) {
    if (name == column.name) return column.metadata;
  }
  return Metadata::none;
}

void Target::find_key(const std::vector<std::string>& names) {
  key_ = {{}, policy_.key.of_record};
  for (const std::string& name : names) {
    const auto column = std::find_if(columns_.begin(), columns_.end(),
                                     [&](const Column& one) { return one.name == name; });
    if (column == columns_.end()) {
      throw Error(Exit::config, "table " + display() + ": column " + name +
                                    " of the key is generated: no record can name a row by it");
    }
    key_.columns.push_back(static_cast<std::size_t>(column - columns_.begin()));
  }
}

}  // namespace kpipe
