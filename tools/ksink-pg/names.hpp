// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ksink-pg/json_path.hpp"
#include "tools/ksink-pg/strategy.hpp"

namespace kpipe {

// Names as people type them follow SQL's rule: without quotes they are folded to lower case, within
// double quotes they stand as they are, "" being one quote. Malformed ones are Errors (usage).

struct QualifiedName {
  std::string schema;  ///< empty: the first schema of search_path
  std::string table;
};

/// "orders", "sales.orders", "sales.\"My Orders\"". `option` is named in errors.
QualifiedName parse_table_name(std::string_view text, std::string_view option = "--table");

struct ColumnDefinition {
  std::string name;
  /// SQL type; empty: that of the table, or jsonb. Without a type and a path the column takes each
  /// record's whole value.
  std::string type;
  std::optional<JsonPath> path{};  ///< absent: the field of its name
};

/// "id bigint, total numeric(10,2) = value.order.total, \"At\" timestamptz", or one bare name.
/// Types are only looked at as far as it takes to know that they hold no other SQL; PostgreSQL says
/// whether they exist.
std::vector<ColumnDefinition> parse_columns(std::string_view text);

/// --primary-key: "id", "region, \"Id\"", or the word key without quotes, which means the record's
/// key. Throws Error (usage).
KeyOption parse_primary_key(std::string_view text);

/// "public.orders": a name without quotes, for messages and the default sink id.
std::string display_name(const QualifiedName& name);

/// As parse_table_name() reads it back: with quotes where a name needs them.
std::string typed_name(const QualifiedName& name);

}  // namespace kpipe
