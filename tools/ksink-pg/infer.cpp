// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/infer.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"
#include "tools/ksink-pg/cell_writer.hpp"
#include "tools/ksink-pg/row_encoder.hpp"

namespace kpipe {
namespace {

/// NAMEDATALEN - 1
constexpr std::size_t kMaxIdentifier = 63;

/// RFC 3339 with what timestamptz can hold: at most six digits after the point.
bool is_instant(const JsonText& value) {
  const auto text = plain_string(value);
  constexpr std::size_t shortest = std::string_view("2026-11-01T00:00:00Z").size();
  if (!text || text->size() < shortest || ((*text)[10] != 'T' && (*text)[10] != ' ')) return false;
  if ((*text)[19] == '.') {
    const std::size_t end = text->find_first_not_of("0123456789", 20);
    if (end == std::string_view::npos || end - 20 > 6) return false;
  }
  return parse_timestamp(*text).has_value();
}

/// What was seen in one field.
struct Kinds {
  bool boolean = false;
  bool integer = false;
  bool number = false;  ///< with a fraction or exponent, or beyond 64 bits
  bool instant = false;
  bool text = false;
  bool base64 = false;
  bool document = false;

  void add(const JsonText& value, CellWriter& cells) {
    switch (value.kind) {
      case JsonKind::null:
        break;
      case JsonKind::boolean:
        boolean = true;
        break;
      case JsonKind::number:
        (json_int(value) ? integer : number) = true;
        break;
      case JsonKind::string:
        (!text && is_instant(value) ? instant : text) = true;
        break;
      case JsonKind::object:
        (cells.is_base64_object(value) ? base64 : document) = true;
        break;
      case JsonKind::array:
        document = true;
        break;
    }
  }

  bool any() const { return boolean || integer || number || instant || text || base64 || document; }

  const char* type() const {
    const bool is_number = integer || number;
    const bool is_text = instant || text;
    if (boolean + is_number + is_text + base64 + document > 1 || document) return "jsonb";
    if (boolean) return "boolean";
    if (is_number) return number ? "numeric" : "bigint";
    if (base64) return "bytea";
    return instant && !text ? "timestamptz" : "text";
  }

  const char* whole_value_type() const {
    const bool others = boolean || integer || number || document;
    if (base64 && !others) return "bytea";
    return (instant || text) && !others ? "text" : "jsonb";
  }
};

class Fields {
 public:
  void add(const Record& record, const std::vector<JsonField>& fields, CellWriter& cells) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i >= guesses_.size()) guesses_.resize(i + 1);
      std::size_t& index = guesses_[i];
      if (index >= names_.size() || names_[index] != fields[i].name)
        index = find(record, fields[i].name);
      kinds_[index].add(fields[i].value, cells);
    }
  }

  std::vector<ColumnDefinition> columns(bool without_nulls) const {
    std::vector<ColumnDefinition> columns;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!without_nulls || kinds_[i].any()) columns.push_back({names_[i], kinds_[i].type()});
    }
    return columns;
  }

 private:
  std::size_t find(const Record& record, std::string_view name) {
    if (const auto it = index_.find(name); it != index_.end()) return it->second;
    if (name.empty() || name.size() > kMaxIdentifier || name.find('\0') != std::string_view::npos) {
      throw Error(
          Exit::data,
          "no table inferred: " + coordinates(record) + ": field " + quoted_name(name) +
              " cannot name a column (1 to 63 bytes, no U+0000). Declare the columns "
              "(--columns 'NAME TYPE, ..., rest jsonb'), or keep values whole (--columns value)");
    }
    names_.emplace_back(name);
    kinds_.emplace_back();
    index_.emplace(name, names_.size() - 1);
    return names_.size() - 1;
  }

  std::vector<std::string> names_;
  std::vector<Kinds> kinds_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<std::size_t> guesses_;  ///< position of a field -> index, from the record before
};

}  // namespace

std::vector<ColumnDefinition> infer_columns(const Batch& batch, bool without_nulls) {
  JsonReader reader;
  CellWriter cells;
  std::vector<JsonField> members;
  Kinds values;
  for (const Batch::Entry& entry : batch.entries()) values.add(entry.record.value, cells);
  const bool only_objects = !values.boolean && !values.integer && !values.number &&
                            !values.instant && !values.text && !values.base64;
  const bool only_maps =
      only_objects &&
      std::all_of(batch.entries().begin(), batch.entries().end(), [](const Batch::Entry& entry) {
        return entry.record.value.kind != JsonKind::array;
      });
  if (!only_maps) return {{"value", values.whole_value_type()}};

  Fields fields;
  for (const Batch::Entry& entry : batch.entries()) {
    if (entry.record.value.is_null()) continue;
    if (!reader.object(entry.record.value.raw, members)) {
      throw Error(Exit::data, "no table inferred: " + coordinates(entry.record) +
                                  ": a field has no name that can be read: half a surrogate pair, "
                                  "or no JSON. Correct it "
                                  "in a filter (jq)");
    }
    fields.add(entry.record, members, cells);
  }
  std::vector<ColumnDefinition> columns = fields.columns(without_nulls);
  if (columns.empty()) columns = fields.columns(false);
  // A lone jsonb column takes whole values from the next start on; so it does from the first.
  if (columns.empty() || (columns.size() == 1 && columns.front().type == "jsonb"))
    return {{"value", "jsonb"}};
  return columns;
}

std::vector<ColumnDefinition> infer_missing_columns(const Batch& batch, const ColumnMap& map) {
  JsonReader reader;
  CellWriter cells;
  std::vector<JsonField> members;
  Fields fields;
  for (const Batch::Entry& entry : batch.entries()) {
    const JsonText& value = entry.record.value;
    if (value.kind != JsonKind::object || !reader.object(value.raw, members)) continue;
    std::erase_if(members, [&](const JsonField& field) {
      return field.value.is_null() || map.find(field.name) != ColumnMap::kNoColumn;
    });
    fields.add(entry.record, members, cells);
  }
  return fields.columns(false);
}

std::vector<ColumnDefinition> infer_key_columns(const Batch& batch) {
  JsonReader reader;
  CellWriter cells;
  std::vector<JsonField> members;
  Kinds whole;
  Fields fields;
  bool only_objects = true;
  for (const Batch::Entry& entry : batch.entries()) {
    const JsonText& key = entry.record.key;
    if (key.is_null()) {
      throw Error(Exit::data, "no table inferred: " + coordinates(entry.record) +
                                  ": the record has no key (--primary-key key)");
    }
    only_objects = only_objects && key.kind == JsonKind::object && !cells.is_base64_object(key) &&
                   reader.object(key.raw, members) && !members.empty();
    if (only_objects) fields.add(entry.record, members, cells);
    whole.add(key, cells);
  }
  return only_objects ? fields.columns(false)
                      : std::vector<ColumnDefinition>{{kKeyColumn, whole.type()}};
}

}  // namespace kpipe
