// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/table_key.hpp"

#include <algorithm>

namespace kpipe {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::vector<UniqueIndex> read_unique_indexes(PgConnection& connection, const std::string& table) {
  const PgResult found = connection.exec(
      "SELECT i.indexrelid, i.indisprimary, a.attname FROM pg_catalog.pg_index i"
      " CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k(position)"
      " JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = "
      "i.indkey[k.position]"
      " WHERE i.indrelid = " +
          connection.literal(table) +
          "::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL"
          " AND i.indexprs IS NULL ORDER BY i.indisprimary DESC, i.indexrelid, k.position",
      "cannot read the indexes of " + table);
  std::vector<UniqueIndex> indexes;
  std::int64_t last = 0;
  for (int row = 0; row < found.rows(); ++row) {
    if (indexes.empty() || found.get_int(row, 0) != last)
      indexes.push_back({{}, found.is_true(row, 1)});
    last = found.get_int(row, 0);
    indexes.back().columns.emplace_back(found.get(row, 2));
  }
  return indexes;
}

std::vector<std::string> choose_key(const RowPolicy& policy,
                                    const std::vector<UniqueIndex>& indexes,
                                    const std::string& table) {
  const auto refuse = [&](const std::string& what) {
    throw Error(Exit::config, "table " + table + ": " + what);
  };
  if (policy.key.of_record) {
    if (indexes.empty() || (!indexes.front().primary && indexes.size() > 1)) {
      refuse(
          "has no primary key that records' keys could fill (--primary-key key). ALTER TABLE ... "
          "ADD PRIMARY KEY, or name columns with a unique index");
    }
    return indexes.front().columns;
  }
  if (policy.strategy == Strategy::append) return {};
  if (!policy.key.given()) {
    if (indexes.empty())
      refuse(
          "has no primary key and no unique index: --strategy ignore would ignore nothing. Create "
          "one, or use --strategy append");
    return {};
  }
  const std::vector<std::string> wanted = sorted(policy.key.columns);
  const auto index = std::find_if(indexes.begin(), indexes.end(), [&](const UniqueIndex& one) {
    return sorted(one.columns) == wanted;
  });
  if (index == indexes.end()) {
    const std::string names = listed(policy.key.columns);
    refuse("has no unique index on (" + names +
           "), without which PostgreSQL cannot tell its rows apart (--primary-key). CREATE UNIQUE "
           "INDEX ON " +
           table + " (" + names + ")");
  }
  return index->columns;
}

}  // namespace kpipe
