// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

// Names as people type them follow SQL's rule: without quotes they are folded to lower case, within
// double quotes they stand as they are, "" being one quote. Malformed ones are Errors (usage).

struct QualifiedName {
  std::string schema;  ///< empty: the first schema of search_path
  std::string table;
};

/// "orders", "sales.orders", "sales.\"My Orders\"".
QualifiedName parse_table_name(std::string_view text);

struct ColumnDefinition {
  std::string name;
  std::string type;  ///< SQL type; empty: the column takes each record's whole value
};

/// "id bigint, total numeric(10,2), \"At\" timestamptz", or one bare name. Types are only looked at
/// as far as it takes to know that they hold no other SQL; PostgreSQL says whether they exist.
std::vector<ColumnDefinition> parse_columns(std::string_view text);

/// "public.orders": a name without quotes, for messages and the default sink id.
std::string display_name(const QualifiedName& name);

}  // namespace kpipe
