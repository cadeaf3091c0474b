// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/column_map.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ascii.hpp"

namespace kpipe {

ColumnMap::ColumnMap(std::vector<Column> columns, bool whole, Names generated)
    : columns_(std::move(columns)), generated_(std::move(generated)), whole_(whole) {
  for (int i = 0; i < static_cast<int>(columns_.size()); ++i) {
    const Column& column = columns_[static_cast<std::size_t>(i)];
    if (column.path) {
      const bool of_value = column.path->root == JsonPath::Root::value;
      if (of_value && column.path->steps.empty()) rest_elsewhere_ = true;
      if (of_value && !column.path->steps.empty()) entered_.insert(column.path->steps.front().name);
      continue;
    }
    exact_.emplace(column.name, i);
    const auto [it, is_new] = folded_.emplace(lower(column.name), i);
    if (!is_new) it->second = kAmbiguous;
  }
  const auto may_take_rest = [](const Column& column) {
    return column.may_take_rest && !column.path;
  };
  if (std::count_if(columns_.begin(), columns_.end(), may_take_rest) == 1) {
    rest_ = static_cast<int>(std::find_if(columns_.begin(), columns_.end(), may_take_rest) -
                             columns_.begin());
  }
  // A table that is one jsonb column can only have been made to keep documents whole.
  if (columns_.size() == 1 && columns_.front().kind == ColumnKind::json) whole_ = true;
}

int ColumnMap::find(std::string_view field) const {
  if (const auto it = exact_.find(field); it != exact_.end()) return it->second;
  if (entered_.contains(field)) return kElsewhere;
  const auto it = folded_.find(lower(field));
  if (it != folded_.end()) return it->second;
  if (rest_elsewhere_) return kElsewhere;
  return generated_.contains(field) ? kGenerated : kNoColumn;
}

}  // namespace kpipe
