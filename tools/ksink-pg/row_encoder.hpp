// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/record.hpp"
#include "tools/ksink-pg/cell_writer.hpp"
#include "tools/ksink-pg/column_map.hpp"
#include "tools/ksink-pg/refused_row.hpp"
#include "tools/ksink-pg/strategy.hpp"

namespace kpipe {

/// "orders[3]@1042", as messages name a record.
std::string coordinates(const Record& record);

/// A field's name as messages show it: in quotes, control characters escaped.
std::string quoted_name(std::string_view field);

struct RowRules {
  RowKey key{};                 ///< a record must have a value for each of its columns
  bool pass_new_nulls = false;  ///< a field without a column is no mistake when it is null
  NulPolicy nul = NulPolicy::reject;
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
  RowEncoder(ColumnMap map, std::string table, RowRules rules = {});

  /// Takes the record apart and returns the number of its shape. A tombstone is one without fields.
  /// Throws RefusedRow (UnknownFieldError), naming the record and the field. Until write() the
  /// record's line must stay.
  std::size_t read(const Record& record);

  /// Takes only the columns of the key, out of the record's key: for a tombstone that deletes.
  void read_key(const Record& record);

  /// Appends the line of the record read last: the columns of its shape.
  void write(OutBuffer& out);

  /// Appends all columns of the record read last, without a line end.
  void write_all(OutBuffer& out);

  /// Indices of the columns that rows of this shape give values for, in the order of the fields.
  const std::vector<std::size_t>& columns_of(std::size_t shape) const {
    return shapes_[shape].columns;
  }
  const ColumnMap& map() const noexcept { return map_; }
  /// Rows can differ in shape.
  bool has_defaults() const noexcept { return !defaults_.empty(); }

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

  bool is_key(std::size_t column) const;
  int whole_column(const Record& record);
  void take_metadata(const Record& record);
  void read_fields(const Record& record);
  void take_key(const Record& record);
  void take_key_fields(const Record& record);
  void require_key(const Record& record) const;
  int column_of(std::size_t position, std::string_view field);
  void set(std::size_t column, const JsonField& field, const Record& record);
  void gather_rest(const Record& record);
  std::size_t shape();
  std::size_t add_shape();
  void append_cell(OutBuffer& out, std::size_t column);
  std::string place_of(std::size_t column) const;
  [[noreturn]] void refuse(const Record& record, const std::string& why,
                           const std::string& remedy = {}) const;
  [[noreturn]] void refuse_value(const Record& record) const;
  [[noreturn]] void refuse_names(const Record& record) const;
  [[noreturn]] void refuse_field(const Record& record, std::string_view field, int why) const;

  ColumnMap map_;
  std::string table_;
  RowKey key_;
  bool pass_new_nulls_;
  NulPolicy nul_;
  JsonReader reader_;
  JsonReader key_reader_;
  JsonWalker walker_;
  std::vector<JsonField> key_fields_;
  CellWriter writer_;
  std::vector<JsonField> fields_;
  std::vector<Cell> cells_;
  std::vector<Guess> guesses_;
  std::vector<std::size_t> unmatched_;  ///< indices into fields_
  OutBuffer rest_;
  std::vector<std::size_t> defaults_;  ///< columns with a default
  std::vector<std::size_t> metadata_;  ///< columns of metadata
  std::vector<std::size_t> paths_;     ///< columns with a path
  int lone_ = ColumnMap::kNoColumn;    ///< the only column that is neither metadata nor key
  OutBuffer metadata_text_;            ///< of the record read last
  std::string present_;
  std::vector<Shape> shapes_;
  std::size_t shape_ = 0;
  std::uint64_t record_number_ = 0;
  const Record* record_ = nullptr;
  int whole_ = ColumnMap::kNoColumn;  ///< takes the value of the record read last whole
};

}  // namespace kpipe
