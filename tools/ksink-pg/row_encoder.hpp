// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/record.hpp"
#include "tools/ksink-pg/cell_writer.hpp"
#include "tools/ksink-pg/column_map.hpp"

namespace kpipe {

/// "orders[3]@1042", as messages name a record.
std::string coordinates(const Record& record);

/// A record that does not fit the columns as we know them; the table may have changed meanwhile.
class UnknownFieldError : public Error {
 public:
  using Error::Error;
};

/// Record -> line of COPY text. The hot path: no allocation a record, and the columns of a record's
/// fields are guessed from the record before it.
///
/// COPY has one list of columns for all its rows, so a value that is to come from a column's
/// default must be missing from that list. Records are therefore sorted by shape: the set of
/// columns with a default that they give a value for. What becomes of a record depends on this
/// record alone.
class RowEncoder {
 public:
  /// `table` is for messages.
  RowEncoder(ColumnMap map, std::string table);

  /// Takes the record's value (not a tombstone) apart and returns the number of its shape. Throws
  /// UnknownFieldError, or Error (data), naming the record and the field. Until write() the
  /// record's line must stay.
  std::size_t read(const Record& record);

  /// Appends the line of the record read last.
  void write(OutBuffer& out);

  /// Indices of the columns that rows of this shape give values for, in the order of the fields.
  const std::vector<std::size_t>& columns_of(std::size_t shape) const {
    return shapes_[shape].columns;
  }
  const ColumnMap& map() const noexcept { return map_; }

 private:
  struct Cell {
    JsonText value;
    std::string_view field;    ///< the field that gave the value
    std::uint64_t record = 0;  ///< the value belongs to this record only
  };
  struct Guess {
    std::string field;
    int column = ColumnMap::kNoColumn;
  };
  struct Shape {
    std::string present;  ///< a byte for each column with a default: 1 when a value is given
    std::vector<std::size_t> columns;
  };

  void read_fields(const Record& record);
  int column_of(std::size_t position, std::string_view field);
  void set(std::size_t column, const JsonField& field, const Record& record);
  void gather_rest(const Record& record);
  std::size_t shape();
  std::size_t add_shape();
  void append(OutBuffer& out, std::size_t column, const JsonText& value);
  [[noreturn]] void refuse_value(const Record& record) const;
  [[noreturn]] void refuse_field(const Record& record, std::string_view field, int why) const;

  ColumnMap map_;
  std::string table_;
  JsonReader reader_;
  CellWriter writer_;
  std::vector<JsonField> fields_;
  std::vector<Cell> cells_;
  std::vector<Guess> guesses_;
  std::vector<std::size_t> unmatched_;  ///< indices into fields_
  OutBuffer rest_;
  std::vector<std::size_t> defaults_;  ///< columns with a default
  std::string present_;
  std::vector<Shape> shapes_;
  std::size_t shape_ = 0;
  std::uint64_t record_number_ = 0;
  const Record* record_ = nullptr;
  bool whole_value_ = false;  ///< the record read last goes whole into column 0
};

}  // namespace kpipe
