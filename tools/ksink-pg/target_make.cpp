// SPDX-License-Identifier: Apache-2.0
// Target: a table that is made, or gets more columns.
#include <algorithm>

#include "tools/ksink-pg/infer.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {
namespace {

/// Names are quoted for SQL; it follows another statement.
std::string comment_one_field(const PgConnection& connection, const std::string& table,
                              const std::string& column) {
  return "; COMMENT ON COLUMN " + table + "." + column + " IS " + connection.literal(kOneField);
}

}  // namespace

/// The columns of a table that is to be made, and which of them are its key.
std::vector<ColumnDefinition> Target::new_columns(const Batch& batch,
                                                  std::vector<std::string>& key) const {
  std::vector<ColumnDefinition> columns =
      declared_.empty() ? infer_columns(batch, policy_.evolve) : declared_;
  const auto place_of = [&](const std::string& name) {
    return std::find_if(columns.begin(), columns.end(),
                        [&](const ColumnDefinition& column) { return column.name == name; });
  };
  key = policy_.key.columns;
  if (policy_.key.of_record) {
    std::vector<ColumnDefinition> of_key = infer_key_columns(batch);
    for (const ColumnDefinition& column : of_key) {
      key.push_back(column.name);
      // The key's value counts where a field of the value has its name.
      if (const auto place = place_of(column.name); declared_.empty() && place != columns.end())
        columns.erase(place);
    }
    std::erase_if(of_key, [&](const ColumnDefinition& column) {
      return place_of(column.name) != columns.end();
    });
    columns.insert(columns.begin(), of_key.begin(), of_key.end());
  }
  for (const MetadataColumn& column : kMetadataColumns) {
    if (policy_.metadata_columns && place_of(column.name) == columns.end())
      columns.push_back({column.name, column.type});
  }
  for (const std::string& name : key) {
    if (place_of(name) != columns.end()) continue;
    throw Error(declared_.empty() ? Exit::data : Exit::usage,
                "--primary-key: " + name + ": is " +
                    (declared_.empty() ? "no field of the first records, from which table " +
                                             display() + " was to be made"
                                       : std::string("not among --columns")));
  }
  return columns;
}

std::string Target::create(PgConnection& connection, const Batch& batch) {
  lock_schema(connection, name_.schema);
  find(connection);
  if (exists()) return {};
  const bool inferred = declared_.empty();
  std::vector<std::string> key;
  const std::vector<ColumnDefinition> columns = new_columns(batch, key);
  const std::string table = sql_name(connection);
  std::string sql = "CREATE TABLE " + table;
  std::string comments;
  const char* separator = " (";
  for (const ColumnDefinition& column : columns) {
    const std::string name = connection.identifier(column.name);
    sql += separator + name + " " + (column.type.empty() ? "jsonb" : column.type);
    separator = ", ";
    if (inferred && columns.size() > 1 && column.type == "jsonb" &&
        metadata_of(column.name) == Metadata::none) {
      comments += comment_one_field(connection, table, name);
    }
  }
  separator = ", PRIMARY KEY (";
  for (const std::string& name : key) {
    sql += separator + connection.identifier(name);
    separator = ", ";
  }
  sql += key.empty() ? ")" : "))";
  connection.exec(sql + comments, "cannot create table " + display());
  find(connection);
  return sql;
}

std::string Target::add_columns(PgConnection& connection, const Batch& batch) {
  lock_schema(connection, name_.schema);
  find(connection);
  const std::string table = sql_name(connection);
  std::string sql;
  std::string comments;
  for (const ColumnDefinition& column : infer_missing_columns(batch, columns())) {
    const std::string name = connection.identifier(column.name);
    sql += (sql.empty() ? "ALTER TABLE " + table : ",") + " ADD COLUMN " + name + " " + column.type;
    if (column.type == "jsonb") comments += comment_one_field(connection, table, name);
  }
  if (sql.empty()) return {};
  connection.exec(sql + comments,
                  "cannot add columns to " + display() + " (--evolve add: " + sql + ")");
  find(connection);
  return sql;
}

}  // namespace kpipe
