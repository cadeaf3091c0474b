// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/row_encoder.hpp"

#include <algorithm>
#include <utility>

#include "common/wire/json_text.hpp"

namespace kpipe {

std::string coordinates(const Record& record) {
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset);
}

RowEncoder::RowEncoder(ColumnMap map, std::string table)
    : map_(std::move(map)), table_(std::move(table)), cells_(map_.columns().size()) {
  for (std::size_t i = 0; i < map_.columns().size(); ++i) {
    if (map_.columns()[i].has_default) defaults_.push_back(i);
  }
  present_.assign(defaults_.size(), '\0');
  add_shape();
}

std::size_t RowEncoder::read(const Record& record) {
  ++record_number_;
  record_ = &record;
  const bool only_column = map_.columns().size() == 1;
  whole_value_ = map_.whole() || (only_column && record.value.kind != JsonKind::object) ||
                 (only_column && map_.columns().front().kind == ColumnKind::bytea &&
                  writer_.is_base64_object(record.value));
  if (whole_value_) {
    cells_.front() = Cell{record.value, {}, record_number_};
  } else {
    read_fields(record);
  }
  shape_ = shape();
  return shape_;
}

void RowEncoder::read_fields(const Record& record) {
  if (record.value.kind != JsonKind::object || !reader_.object(record.value.raw, fields_))
    refuse_value(record);
  unmatched_.clear();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const int column = column_of(i, fields_[i].name);
    if (column >= 0) {
      set(static_cast<std::size_t>(column), fields_[i], record);
    } else {
      unmatched_.push_back(i);
    }
  }
  if (!unmatched_.empty()) gather_rest(record);
}

int RowEncoder::column_of(std::size_t position, std::string_view field) {
  if (position < guesses_.size() && guesses_[position].field == field)
    return guesses_[position].column;
  if (position >= guesses_.size()) guesses_.resize(position + 1);
  guesses_[position] = Guess{std::string(field), map_.find(field)};
  return guesses_[position].column;
}

void RowEncoder::set(std::size_t column, const JsonField& field, const Record& record) {
  Cell& cell = cells_[column];
  // Of a name given twice the last counts, as in jsonb; two names for one column would lose a
  // value.
  if (cell.record == record_number_ && cell.field != field.name) {
    throw Error(Exit::data, "row not stored in " + table_ + ": " + coordinates(record) +
                                ": fields \"" + std::string(cell.field) + "\" and \"" +
                                std::string(field.name) + "\" both belong to column " +
                                map_.columns()[column].name +
                                ". Rename one of them in a filter (jq)");
  }
  cell = Cell{field.value, field.name, record_number_};
}

void RowEncoder::gather_rest(const Record& record) {
  const int rest = map_.rest();
  const JsonField& first = fields_[unmatched_.front()];
  if (rest == ColumnMap::kNoColumn ||
      cells_[static_cast<std::size_t>(rest)].record == record_number_) {
    refuse_field(record, first.name, map_.find(first.name));
  }
  rest_.clear();
  char separator = '{';
  for (const std::size_t i : unmatched_) {
    rest_.append(separator);
    separator = ',';
    append_json_string(rest_, fields_[i].name);
    rest_.append(':');
    rest_.append(fields_[i].value.raw);
  }
  rest_.append('}');
  cells_[static_cast<std::size_t>(rest)] =
      Cell{{JsonKind::object, rest_.view()}, {}, record_number_};
}

std::size_t RowEncoder::shape() {
  if (defaults_.empty()) return 0;
  for (std::size_t i = 0; i < defaults_.size(); ++i) {
    present_[i] = cells_[defaults_[i]].record == record_number_ ? '\1' : '\0';
  }
  if (shapes_[shape_].present == present_) return shape_;
  const auto known = std::find_if(shapes_.begin(), shapes_.end(), [&](const Shape& candidate) {
    return candidate.present == present_;
  });
  return known == shapes_.end() ? add_shape() : static_cast<std::size_t>(known - shapes_.begin());
}

std::size_t RowEncoder::add_shape() {
  Shape& added = shapes_.emplace_back();
  added.present = present_;
  std::size_t next_default = 0;
  for (std::size_t i = 0; i < map_.columns().size(); ++i) {
    const bool is_default = next_default < defaults_.size() && defaults_[next_default] == i;
    if (!is_default || present_[next_default] != '\0') added.columns.push_back(i);
    if (is_default) ++next_default;
  }
  return shapes_.size() - 1;
}

void RowEncoder::write(OutBuffer& out) {
  const std::vector<std::size_t>& columns = shapes_[shape_].columns;
  if (columns.empty()) {
    throw Error(Exit::data,
                "row not stored in " + table_ + ": " + coordinates(*record_) +
                    ": none of its columns has a value. Take such records out by a filter (jq)");
  }
  const char* separator = "";
  for (const std::size_t i : columns) {
    out.append(separator);
    separator = "\t";
    const Cell& cell = cells_[i];
    if (cell.record == record_number_) {
      append(out, i, cell.value);
    } else {
      out.append(kCopyNull);
    }
  }
  out.append('\n');
}

void RowEncoder::append(OutBuffer& out, std::size_t column, const JsonText& value) {
  const ColumnKind kind = map_.columns()[column].kind;
  const CellProblem problem = whole_value_ && kind == ColumnKind::bytea
                                  ? writer_.write_bytes(out, value)
                                  : writer_.write(out, value, kind);
  if (problem == CellProblem::none) return;
  const std::string_view field = cells_[column].field;
  throw Error(Exit::data,
              "row not stored in " + table_ + ": " + coordinates(*record_) + ": " +
                  (field.empty() ? "the value" : "field \"" + std::string(field) + "\"") + " " +
                  std::string(describe(problem)) + ". Correct it in a filter (jq)");
}

void RowEncoder::refuse_value(const Record& record) const {
  throw Error(
      Exit::data,
      "row not stored in " + table_ + ": " + coordinates(record) +
          ": the value is not a JSON object: " + std::string(record.value.raw.substr(0, 60)) +
          ". Name a column that takes whole values (--columns NAME), or make objects of them in "
          "a filter (jq '.value = {text: .value}')");
}

void RowEncoder::refuse_field(const Record& record, std::string_view field, int why) const {
  const std::string name(field);
  const std::string reason =
      why == ColumnMap::kAmbiguous
          ? ": several columns differ from field \"" + name + "\" in case only"
          : ": there is no column for field \"" + name + "\"";
  throw UnknownFieldError(
      Exit::data, "row not stored in " + table_ + ": " + coordinates(record) + reason +
                      ". Add the column (ALTER TABLE), or one jsonb column that takes all fields "
                      "without a column, or drop the field in a filter (jq 'del(.value.\"" +
                      name + "\")')");
}

}  // namespace kpipe
