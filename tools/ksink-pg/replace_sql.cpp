// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/replace_sql.hpp"

namespace kpipe {
namespace {

std::string list(const std::vector<std::string>& names, const std::string& prefix = "") {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + prefix + name;
  return text;
}

std::string same_key(const std::vector<std::string>& key) {
  std::string text;
  for (const std::string& name : key) {
    if (!text.empty()) text += " AND ";
    text += "a.";
    text += name;
    text += " = t.";
    text += name;
  }
  return text;
}

/// By their bytes: any type has them, equality not. The casts keep this from being a comparison
/// column by column.
std::string same_row(const std::vector<std::string>& columns) {
  return "(ROW(" + list(columns, "a.") + ")::record) OPERATOR(pg_catalog.*=) (ROW(" +
         list(columns, "t.") + ")::record)";
}

/// All parts see the rows as they were before; what is counted runs first.
std::string after(const char* part) {
  return std::string("(SELECT count(*) FROM ") + part + ") >= 0";
}

}  // namespace

std::string ReplacePlan::move() const {
  const std::string insert = "INSERT INTO " + target + " (" + list(columns) + ") SELECT " +
                             list(columns, "a.") + " FROM " + aside + " a WHERE " + after("gone");
  const std::string remove = "WITH gone AS (DELETE FROM " + target + " t";
  const std::string counts = "SELECT (SELECT count(*) FROM gone), ";
  const std::string added = ", (SELECT count(*) FROM added)";
  if (key.empty()) {
    return remove + " RETURNING 1), added AS (" + insert + " RETURNING 1) " + counts + "0" + added;
  }
  if (!referenced) {
    const std::string same = same_key(key) + " AND " + same_row(columns) + ")";
    return remove + " WHERE NOT EXISTS (SELECT FROM " + aside + " a WHERE " + same +
           " RETURNING 1), added AS (" + insert + " AND NOT EXISTS (SELECT FROM " + target +
           " t WHERE " + same + " RETURNING 1) " + counts + "0" + added;
  }
  std::string changes;
  for (const std::string& name : columns)
    changes += (changes.empty() ? "" : ", ") + name + " = a." + name;
  return remove + " WHERE NOT EXISTS (SELECT FROM " + aside + " a WHERE " + same_key(key) +
         ") RETURNING 1), changed AS (UPDATE " + target + " t SET " + changes + " FROM " + aside +
         " a WHERE " + same_key(key) + " AND NOT " + same_row(columns) + " AND " + after("gone") +
         " RETURNING 1), added AS (" + insert + " AND " + after("changed") +
         " AND NOT EXISTS (SELECT FROM " + target + " t WHERE " + same_key(key) +
         ") RETURNING 1) " + counts + "(SELECT count(*) FROM changed)" + added;
}

}  // namespace kpipe
