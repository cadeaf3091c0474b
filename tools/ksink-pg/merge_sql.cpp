// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/merge_sql.hpp"

#include <algorithm>
#include <numeric>

namespace kpipe {
namespace {

constexpr const char* kRoundsName = "\"kpipe rounds\"";

std::string stage() {
  return std::string("pg_temp.\"") + MergePlan::kStage + "\"";
}

std::string where(const MergePlan::Part& part) {
  if (!part.rows) return {};
  return std::string(" WHERE ") + MergePlan::kRow + " >= " + std::to_string(part.rows->first) +
         " AND " + MergePlan::kRow + " < " + std::to_string(part.rows->second);
}

}  // namespace

std::string MergePlan::list(const std::vector<std::size_t>& of, const char* prefix) const {
  std::string text;
  for (const std::size_t i : of) {
    if (!text.empty()) text += ", ";
    text += prefix + columns[i];
  }
  return text;
}

std::string MergePlan::create_stage() const {
  std::vector<std::size_t> all(columns.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return "CREATE TEMP TABLE \"" + std::string(kStage) + "\" ON COMMIT DROP AS SELECT " + list(all) +
         ", 0::bigint AS " + kRow + ", 0::integer AS " + kShape + " FROM " + target +
         " WITH NO DATA";
}

std::string MergePlan::copy_into_stage() const {
  return "COPY " + stage() + " FROM STDIN";
}

std::string MergePlan::index_stage() const {
  return "CREATE INDEX ON " + stage() + " (" + kRow + ")";
}

std::string MergePlan::apply(const Part& part) const {
  const std::string rows = " FROM " + stage() + where(part);
  if (key.empty()) return apply_rows("SELECT *" + rows, part);
  const std::string keys = list(key);
  return apply_rows("SELECT DISTINCT ON (" + keys + ") *" + rows + " ORDER BY " + keys + ", " +
                        kRow + (update ? " DESC" : ""),
                    part);
}

std::string MergePlan::make_rounds(const Part& part) const {
  const std::string of_key = " OVER (PARTITION BY " + list(key) + " ORDER BY " + kRow + ")";
  return std::string("CREATE TEMP TABLE ") + kRoundsName +
         " ON COMMIT DROP AS SELECT *, row_number()" + of_key + " AS round FROM (SELECT *, lead(" +
         kShape + ")" + of_key + " AS next FROM " + stage() + where(part) +
         ") s WHERE next IS DISTINCT FROM " + kShape + "; CREATE INDEX ON pg_temp." + kRoundsName +
         " (round); SELECT max(round) FROM pg_temp." + kRoundsName;
}

std::string MergePlan::apply_round(const Part& part, std::int64_t round) const {
  return apply_rows(std::string("SELECT * FROM pg_temp.") + kRoundsName +
                        " WHERE round = " + std::to_string(round),
                    part);
}

std::string MergePlan::drop_rounds() {
  return std::string("DROP TABLE pg_temp.") + kRoundsName;
}

std::string MergePlan::apply_rows(const std::string& rows, const Part& part) const {
  const std::vector<std::vector<std::size_t>>& shapes = part.shapes;
  const std::string keys = list(key);
  std::string inserted = "0";
  std::string sql = "WITH last AS MATERIALIZED (" + rows + ")";
  for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
    if (shapes[shape].empty()) continue;  // not of this batch
    std::string changes;
    for (const std::size_t i : shapes[shape]) {
      if (!update || std::find(key.begin(), key.end(), i) != key.end()) continue;
      changes += (changes.empty() ? "" : ", ") + columns[i] + " = EXCLUDED." + columns[i];
    }
    sql += ", i" + std::to_string(shape) + " AS (INSERT INTO " + target + " (" +
           list(shapes[shape]) + ") SELECT " + list(shapes[shape]) + " FROM last WHERE " + kShape +
           " = " + std::to_string(shape) + " ORDER BY " + (key.empty() ? kRow : keys) +
           " ON CONFLICT " + (key.empty() ? "" : "(" + keys + ") ") +
           (changes.empty() ? "DO NOTHING" : "DO UPDATE SET " + changes) +
           (update ? ")" : " RETURNING 1)");
    if (!update) inserted += " + (SELECT count(*) FROM i" + std::to_string(shape) + ")";
  }
  if (part.removals) {
    std::string same;
    for (const std::size_t i : key) same += " AND t." + columns[i] + " = last." + columns[i];
    sql += ", gone AS (DELETE FROM " + target + " t USING last WHERE last." + kShape + " = " +
           std::to_string(kRemoval) + same + ")";
  }
  // What was asked for and is not new was there.
  if (update) return sql + " SELECT 0";
  return sql + " SELECT (SELECT count(*) FROM " + stage() + where(part) + ") - (" + inserted + ")";
}

}  // namespace kpipe
