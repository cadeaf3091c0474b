// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace kpipe {

/// How a JSON value becomes the text that a column's input function reads.
enum class ColumnKind : std::uint8_t {
  plain,       ///< strings unescaped, everything else as it stands
  json,        ///< json, jsonb: the value as it stands
  bytea,       ///< {"base64":...} decoded; everything else as plain
  instant,     ///< timestamp, timestamptz: whole numbers are ms since the epoch
  array,       ///< a JSON array becomes PostgreSQL's {...}
  json_array,  ///< the same for json[] and jsonb[]
};

/// A column that rows can be given for (not a generated one).
struct Column {
  std::string name;
  std::string type;  ///< as people read it: "numeric(10,2)"
  ColumnKind kind = ColumnKind::plain;
  /// jsonb, and not made by us for one field: may take the fields that have no column.
  bool may_take_rest = false;
  /// A value that the record lacks is left to the default; without a default it is NULL.
  bool has_default = false;

  bool operator==(const Column&) const = default;
};

}  // namespace kpipe
