// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/strategy.hpp"

namespace kpipe {

/// What ON CONFLICT can name: a unique index, or primary key, of plain columns and all rows, that
/// is checked at once.
struct UniqueIndex {
  std::vector<std::string> columns;  ///< in the index's order
  bool primary = false;
};

/// `table` is quoted for SQL.
std::vector<UniqueIndex> read_unique_indexes(PgConnection& connection, const std::string& table);

/// The columns that tell the table's rows apart for this policy; empty where that does not matter.
/// `table` is for messages. Throws Error (config) when the table has no such index.
std::vector<std::string> choose_key(const RowPolicy& policy,
                                    const std::vector<UniqueIndex>& indexes,
                                    const std::string& table);

}  // namespace kpipe
