// SPDX-License-Identifier: Apache-2.0
// RowEncoder: what is said of a record that cannot become a row.
#include <algorithm>
#include <utility>

#include "common/wire/json_text.hpp"
#include "tools/ksink-pg/row_encoder.hpp"

namespace kpipe {

std::string quoted_name(std::string_view field) {
  OutBuffer text;
  append_json_string(text, field);
  return std::string(text.view());
}

std::string coordinates(const Record& record) {
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset);
}

/// Where the column's value comes from, for people.
std::string RowEncoder::place_of(std::size_t column) const {
  if (!cells_[column].field.empty()) return "field " + quoted_name(cells_[column].field);
  if (is_key(column)) return "the record's key";
  if (whole_ == static_cast<int>(column)) return "the value";
  // Of the fields without a column, the first that JSON cannot hold.
  const auto bad = std::find_if(unmatched_.begin(), unmatched_.end(), [&](std::size_t i) {
    std::string_view json = fields_[i].value.raw;
    std::string scratch;
    return fields_[i].name.find('\0') != std::string_view::npos ||
           hold_json(json, nul_, scratch) != CellProblem::none;
  });
  return "field " + quoted_name(fields_[bad == unmatched_.end() ? unmatched_.front() : *bad].name);
}

void RowEncoder::refuse(const Record& record, const std::string& why,
                        const std::string& remedy) const {
  throw RefusedRow(table_, coordinates(record), {why, {}}, remedy);
}

void RowEncoder::refuse_value(const Record& record) const {
  refuse(record, "the value is not a JSON object: " + std::string(record.value.raw.substr(0, 60)),
         "Name a column that takes whole values (--columns NAME), or make objects of them in a "
         "filter (jq '.value = {text: .value}')");
}

/// What the decoder of records leaves to us is whether names can be unescaped.
void RowEncoder::refuse_names(const Record& record) const {
  std::string_view json = record.value.raw;
  std::string scratch;
  const CellProblem problem = hold_json(json, NulPolicy::strip, scratch);
  refuse(record,
         problem == CellProblem::none ? std::string("the value is not JSON")
                                      : "the name of a field " + std::string(describe(problem)),
         std::string(remedy(problem)));
}

void RowEncoder::refuse_field(const Record& record, std::string_view field, int why) const {
  const std::string name = quoted_name(field);
  if (why == ColumnMap::kGenerated) {
    throw UnknownFieldError(
        table_, coordinates(record), {"PostgreSQL alone gives values to column " + name, {}},
        "It is generated: drop the field in a filter (jq 'del(.value." + name + ")')");
  }
  std::string reason = why == ColumnMap::kAmbiguous
                           ? "several columns differ from field " + name + " in case only"
                           : "there is no column for field " + name;
  throw UnknownFieldError(
      table_, coordinates(record), {std::move(reason), {}},
      "Add the column (ALTER TABLE), or one jsonb column that takes all fields without a column, "
      "or drop the field in a filter (jq 'del(.value." +
          name + ")')");
}

}  // namespace kpipe
