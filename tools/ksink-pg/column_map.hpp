// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ksink-pg/column.hpp"

namespace kpipe {

/// Which column a field of a record's value belongs to. Immutable; made anew when the table
/// changes.
///
/// Columns with a path take what is there, and the field that it goes through needs no column. Else
/// a field goes to the column of its name; else to the one column whose name differs only in the
/// case of ASCII letters. What is left goes into the table's one jsonb column as an object, if
/// there is exactly one (not counting those we inferred for a field). A record that has a field of
/// that column's name uses it as an ordinary column, and has no place for what is left then.
class ColumnMap {
 public:
  static constexpr int kNoColumn = -1;
  static constexpr int kAmbiguous = -2;  ///< several columns differ from the field in case only
  static constexpr int kElsewhere = -3;  ///< a path takes (something of) it
  static constexpr int kGenerated = -4;  ///< its column takes no values

  using Names = std::set<std::string, std::less<>>;

  /// `whole`: the only column takes every record's whole value, whatever it is. `generated`: other
  /// columns of the table, to which PostgreSQL alone gives values.
  ColumnMap(std::vector<Column> columns, bool whole, Names generated = {});

  int find(std::string_view field) const;

  const std::vector<Column>& columns() const noexcept { return columns_; }
  /// Index of the column for what has no column, or kNoColumn.
  int rest() const noexcept { return rest_; }
  /// Every value goes whole into column 0.
  bool whole() const noexcept { return whole_; }
  /// A column with a path takes every value whole, beside what others take of it.
  bool rest_elsewhere() const noexcept { return rest_elsewhere_; }

 private:
  std::vector<Column> columns_;
  std::map<std::string, int, std::less<>> exact_;
  std::map<std::string, int, std::less<>> folded_;
  Names generated_;
  Names entered_;  ///< fields that paths go through
  int rest_ = kNoColumn;
  bool rest_elsewhere_ = false;  ///< a column takes the whole value beside others
  bool whole_;
};

}  // namespace kpipe
