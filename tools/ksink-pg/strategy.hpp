// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kpipe {

/// How a record becomes a row.
enum class Strategy : std::uint8_t {
  append,  ///< a row of its own
  ignore,  ///< the same, unless a row of its key is there
  merge    ///< the row of its key, made or changed
};

/// What becomes of a tombstone, a record without a value.
enum class OnNull : std::uint8_t {
  skip,    ///< its offset is stored, and nothing else
  remove,  ///< the row of its key is deleted
  insert,  ///< a record without any field
  fail
};

/// --primary-key
struct KeyOption {
  bool of_record = false;            ///< `key`: the record's key fills the table's primary key
  std::vector<std::string> columns;  ///< empty, and not of_record: none was given

  bool given() const noexcept { return of_record || !columns.empty(); }
};

/// The columns that tell rows apart, as indices into a ColumnMap's columns.
struct RowKey {
  std::vector<std::size_t> columns;
  bool of_record = false;  ///< their values come from the record's key, not from its value
};

/// What the user wants of rows.
struct RowPolicy {
  Strategy strategy = Strategy::append;
  KeyOption key;
  OnNull on_null = OnNull::skip;
  bool metadata_columns = false;
  bool evolve = false;  ///< fields without a column get one
};

}  // namespace kpipe
