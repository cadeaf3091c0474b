// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/sink/batch.hpp"
#include "tools/ksink-pg/column_map.hpp"
#include "tools/ksink-pg/names.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/strategy.hpp"

namespace kpipe {

/// Held to the end of the transaction by whoever makes a table of ours in this schema, so that
/// several instances do not race (CREATE TABLE IF NOT EXISTS alone does: unique violation in the
/// catalog).
void lock_schema(PgConnection& connection, const std::string& schema);

/// Comment of the jsonb columns that we infer for a field, so that they are not taken for the
/// column of all fields that have none.
inline constexpr const char* kOneField = "kpipe: one field of the value";

/// A table that is there has not the declared columns. Error (config).
class ColumnsError : public Error {
 public:
  explicit ColumnsError(const std::string& what) : Error(Exit::config, what) {}
};

/// The table that takes the rows.
class Target {
 public:
  /// `declared`: of --columns; one without a type takes each record's whole value. Empty: the
  /// columns are the table's, or inferred.
  Target(QualifiedName name, std::vector<ColumnDefinition> declared, bool may_create,
         RowPolicy policy);

  /// Looks the table up. Throws Error: it is missing and may not be created, is not an ordinary
  /// durable table, or lacks a declared column. Types of declared columns are checked either way.
  void find(PgConnection& connection);

  bool exists() const noexcept { return oid_ != 0; }
  /// Its pg_class oid, which a table of the same name made anew does not share; 0: there is none.
  std::int64_t oid() const noexcept { return oid_; }
  /// Known after find(), also for a table that does not exist yet.
  const std::string& schema() const noexcept { return name_.schema; }
  const std::string& table() const noexcept { return name_.table; }
  /// "public.orders"
  std::string display() const { return shown_as_.empty() ? display_name(name_) : shown_as_; }
  /// What messages call it, where it stands in for another table.
  void show_as(std::string name) { shown_as_ = std::move(name); }
  /// Quoted for SQL.
  std::string sql_name(const PgConnection& connection) const;
  /// The columns that rows give values for; find() said that the table exists.
  ColumnMap columns() const {
    return ColumnMap(columns_, takes_whole_value() && columns_.size() == 1, generated_);
  }
  /// What tells its rows apart, where the policy asks for it.
  const RowKey& key() const noexcept { return key_; }

  /// Within a transaction: creates the table, by the declared columns or inferred from the batch,
  /// and returns the statement; empty when another instance was first. If the transaction does not
  /// commit, forget() it.
  std::string create(PgConnection& connection, const Batch& batch);
  /// --evolve add, within a transaction: adds columns for the batch's fields that have none, and
  /// returns the statement; empty when there is nothing to add (any more).
  std::string add_columns(PgConnection& connection, const Batch& batch);
  void forget() noexcept { oid_ = 0; }

 private:
  bool takes_whole_value() const {
    return declared_.size() == 1 && declared_.front().type.empty() && !declared_.front().path;
  }
  void resolve_schema(PgConnection& connection);
  void check_types(PgConnection& connection);
  void read_columns(PgConnection& connection);
  Metadata metadata_of(std::string_view name) const;
  void find_key(const std::vector<std::string>& names);
  std::vector<ColumnDefinition> new_columns(const Batch& batch,
                                            std::vector<std::string>& key) const;

  QualifiedName given_;
  std::vector<ColumnDefinition> declared_;
  bool may_create_;
  RowPolicy policy_;
  QualifiedName name_;  ///< with its schema
  std::string shown_as_;
  std::int64_t oid_ = 0;
  std::vector<std::string> declared_oids_;  ///< types of declared_, by to_regtype
  std::vector<Column> columns_;
  ColumnMap::Names generated_;  ///< columns whose values PostgreSQL makes itself
  RowKey key_;
};

}  // namespace kpipe
