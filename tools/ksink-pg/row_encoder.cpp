// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/row_encoder.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ascii.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {

RowEncoder::RowEncoder(ColumnMap map, std::string table, RowRules rules)
    : map_(std::move(map)),
      table_(std::move(table)),
      key_(std::move(rules.key)),
      pass_new_nulls_(rules.pass_new_nulls),
      nul_(rules.nul),
      writer_(rules.nul),
      cells_(map_.columns().size()) {
  int others = 0;
  for (std::size_t i = 0; i < map_.columns().size(); ++i) {
    const bool from_elsewhere = map_.columns()[i].metadata != Metadata::none ||
                                map_.columns()[i].path || (key_.of_record && is_key(i));
    if (map_.columns()[i].has_default) defaults_.push_back(i);
    if (map_.columns()[i].metadata != Metadata::none) metadata_.push_back(i);
    if (map_.columns()[i].path) paths_.push_back(i);
    if (!from_elsewhere) lone_ = others++ == 0 ? static_cast<int>(i) : ColumnMap::kNoColumn;
  }
  present_.assign(defaults_.size(), '\0');
  add_shape();
}

std::size_t RowEncoder::read(const Record& record) {
  ++record_number_;
  record_ = &record;
  whole_ = whole_column(record);
  if (whole_ >= 0) {
    cells_[static_cast<std::size_t>(whole_)] = Cell{record.value, {}, record_number_};
  } else if (record.value.kind == JsonKind::object ||
             (!record.value.is_null() && !map_.rest_elsewhere())) {
    read_fields(record);
  }
  for (const std::size_t column : paths_) {
    const JsonPath& path = *map_.columns()[column].path;
    const auto found =
        walker_.find(path, path.root == JsonPath::Root::key ? record.key : record.value);
    if (found) cells_[column] = Cell{*found, map_.columns()[column].name, record_number_};
  }
  if (!metadata_.empty()) take_metadata(record);
  if (key_.of_record) take_key(record);
  require_key(record);
  shape_ = shape();
  return shape_;
}

void RowEncoder::read_key(const Record& record) {
  ++record_number_;
  record_ = &record;
  whole_ = ColumnMap::kNoColumn;
  if (key_.of_record) {
    take_key(record);
  } else {
    take_key_fields(record);
  }
  require_key(record);
}

bool RowEncoder::is_key(std::size_t column) const {
  return std::find(key_.columns.begin(), key_.columns.end(), column) != key_.columns.end();
}

/// The column that takes this record's value as it is, if one does: the only one, apart from those
/// of the record's key and its metadata.
int RowEncoder::whole_column(const Record& record) {
  if (map_.whole()) return 0;
  if (lone_ < 0 || !paths_.empty()) return ColumnMap::kNoColumn;
  const ColumnKind kind = map_.columns()[static_cast<std::size_t>(lone_)].kind;
  const bool whole = record.value.kind != JsonKind::object ||
                     (map_.columns().size() > 1 && kind == ColumnKind::json) ||
                     (kind == ColumnKind::bytea && writer_.is_base64_object(record.value));
  return whole ? lone_ : ColumnMap::kNoColumn;
}

/// Counts before a field of the value with the column's name.
void RowEncoder::take_metadata(const Record& record) {
  OutBuffer& text = metadata_text_;
  text.clear();
  text.reserve(6 * record.topic.size() + 128);  // it must not move: cells point into it
  const auto piece = [&](JsonKind kind, const auto& append) {
    const std::size_t begin = text.size();
    append();
    return JsonText{kind, text.view().substr(begin)};
  };
  const auto number = [&](std::int64_t value) {
    return piece(JsonKind::number, [&] { text.append_int(value); });
  };
  for (const std::size_t column : metadata_) {
    JsonText value;
    switch (map_.columns()[column].metadata) {
      case Metadata::topic:
        value = piece(JsonKind::string, [&] { append_json_string(text, record.topic); });
        break;
      case Metadata::partition:
        value = number(record.partition);
        break;
      case Metadata::offset:
        value = number(record.offset);
        break;
      case Metadata::timestamp:
        if (record.timestamp_ms) value = number(*record.timestamp_ms);
        break;
      case Metadata::key:
        value = record.key;
        break;
      case Metadata::headers:
        value = record.headers;
        break;
      case Metadata::none:
        break;
    }
    cells_[column] = Cell{value, map_.columns()[column].name, record_number_};
  }
}

/// The record's key: an object's fields by their names, anything else into the one column.
void RowEncoder::take_key(const Record& record) {
  if (record.key.kind == JsonKind::object && !writer_.is_base64_object(record.key)) {
    take_key_fields(record);
    return;
  }
  if (record.key.is_null()) refuse(record, "the record has no key");
  if (key_.columns.size() > 1) {
    refuse(record,
           "the key of the table has " + std::to_string(key_.columns.size()) +
               " columns, and the record's key is no JSON object: " +
               std::string(record.key.raw.substr(0, 60)),
           "Where keys are JSON, read them so: kconsume --key-format json");
  }
  cells_[key_.columns.front()] = Cell{record.key, {}, record_number_};
}

void RowEncoder::take_key_fields(const Record& record) {
  if (record.key.kind != JsonKind::object || !key_reader_.object(record.key.raw, key_fields_)) {
    refuse(record, "is a tombstone whose key does not say which row to delete",
           "With kconsume --key-format json and keys that are objects with the fields of "
           "--primary-key it does; or --primary-key key");
  }
  for (const JsonField& field : key_fields_) {
    const auto column =
        std::find_if(key_.columns.begin(), key_.columns.end(), [&](std::size_t one) {
          const std::string& name = map_.columns()[one].name;
          return name == field.name || lower(name) == lower(field.name);
        });
    if (column != key_.columns.end()) {
      cells_[*column] = Cell{field.value, {}, record_number_};
    } else if (key_.of_record) {
      refuse(record, "field \"" + std::string(field.name) +
                         "\" of the record's key is no column of the table's key");
    }
  }
}

/// A row without its key could be no row's successor.
void RowEncoder::require_key(const Record& record) const {
  for (const std::size_t column : key_.columns) {
    const Cell& cell = cells_[column];
    if (cell.record == record_number_ && !cell.value.is_null()) continue;
    refuse(record, "has no value for column " + map_.columns()[column].name + " of the key");
  }
}

void RowEncoder::read_fields(const Record& record) {
  if (record.value.kind != JsonKind::object) refuse_value(record);
  if (!reader_.object(record.value.raw, fields_)) refuse_names(record);
  unmatched_.clear();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const int column = column_of(i, fields_[i].name);
    if (column >= 0) {
      set(static_cast<std::size_t>(column), fields_[i], record);
    } else if (column != ColumnMap::kElsewhere &&
               !(pass_new_nulls_ && fields_[i].value.is_null() && map_.rest() < 0)) {
      unmatched_.push_back(i);
    }
  }
  if (!unmatched_.empty()) gather_rest(record);
}

int RowEncoder::column_of(std::size_t position, std::string_view field) {
  if (position < guesses_.size() && guesses_[position].field == field)
    return guesses_[position].column;
  if (position >= guesses_.size()) guesses_.resize(position + 1);
  std::string name(field);
  apply_nul_policy(name, nul_);
  guesses_[position] = Guess{std::string(field), map_.find(name)};
  return guesses_[position].column;
}

void RowEncoder::set(std::size_t column, const JsonField& field, const Record& record) {
  Cell& cell = cells_[column];
  // Of a name given twice the last counts, as in jsonb; two names for one column would lose a
  // value.
  if (cell.record == record_number_ && cell.field != field.name) {
    refuse(record, "fields " + quoted_name(cell.field) + " and " + quoted_name(field.name) +
                       " both belong to column " + map_.columns()[column].name +
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
    refuse(*record_, "none of its columns has a value", "Take such records out by a filter (jq)");
  }
  const char* separator = "";
  for (const std::size_t i : columns) {
    out.append(separator);
    separator = "\t";
    append_cell(out, i);
  }
  out.append('\n');
}

void RowEncoder::write_all(OutBuffer& out) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (i > 0) out.append('\t');
    append_cell(out, i);
  }
}

void RowEncoder::append_cell(OutBuffer& out, std::size_t column) {
  const Cell& cell = cells_[column];
  if (cell.record != record_number_) {
    out.append(kCopyNull);
    return;
  }
  const ColumnKind kind = map_.columns()[column].kind;
  const bool whole = whole_ == static_cast<int>(column);
  const CellProblem problem = whole && kind == ColumnKind::bytea
                                  ? writer_.write_bytes(out, cell.value)
                                  : writer_.write(out, cell.value, kind);
  if (problem == CellProblem::none) return;
  refuse(*record_, place_of(column) + " " + std::string(describe(problem)),
         std::string(remedy(problem)));
}

}  // namespace kpipe
