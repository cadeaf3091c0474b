// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ksink-pg/column.hpp"

namespace kpipe {

/// Which column a field of a record's value belongs to. Immutable; made anew when the table
/// changes.
///
/// A field goes to the column of its name; else to the one column whose name differs only in the
/// case of ASCII letters. What is left goes into the table's one jsonb column as an object, if
/// there is exactly one (not counting those we inferred for a field). A record that has a field of
/// that column's name uses it as an ordinary column, and has no place for what is left then.
class ColumnMap {
 public:
  static constexpr int kNoColumn = -1;
  static constexpr int kAmbiguous = -2;  ///< several columns differ from the field in case only

  /// `whole`: the only column takes every record's whole value, whatever it is.
  ColumnMap(std::vector<Column> columns, bool whole);

  int find(std::string_view field) const;

  const std::vector<Column>& columns() const noexcept { return columns_; }
  /// Index of the column for what has no column, or kNoColumn.
  int rest() const noexcept { return rest_; }
  /// Every value goes whole into column 0.
  bool whole() const noexcept { return whole_; }

 private:
  std::vector<Column> columns_;
  std::map<std::string, int, std::less<>> exact_;
  std::map<std::string, int, std::less<>> folded_;
  int rest_ = kNoColumn;
  bool whole_;
};

}  // namespace kpipe
