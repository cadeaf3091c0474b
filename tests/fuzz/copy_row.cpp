// SPDX-License-Identifier: Apache-2.0
// A record's value as rows of COPY text for columns of each kind. PostgreSQL must read out of the
// line what the record holds, field by field, and no byte may open a field or a row of its own.
#include <algorithm>
#include <array>
#include <ctime>

#include "common/wire/json_check.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_json.hpp"
#include "tests/support/copy_field.hpp"
#include "tools/ksink-pg/row_encoder.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

std::string hex(std::string_view bytes) {
  std::string text = "\\x";
  for (const char c : bytes) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned char>(c));
    text += digits.data();
  }
  return text;
}

const Json* base64_of(const Json& value) {
  const bool is = value.kind == JsonKind::object && value.items.size() == 1 &&
                  value.names.front().text == "base64" &&
                  value.items.front().kind == JsonKind::string;
  return is ? &value.items.front() : nullptr;
}

/// {"base64":...}'s bytes; kpipe never writes escapes into it.
std::optional<std::string> base64_bytes(const Json& text) {
  if (text.raw.find('\\') != std::string_view::npos) return std::nullopt;
  const auto bytes = decode_base64(*text.text);
  return bytes ? std::optional(hex(*bytes)) : std::nullopt;
}

/// JSON that jsonb can hold: no U+0000 and no half surrogate pair, in names either.
bool is_pg_json(const Json& value) {
  const auto holds = [](const std::optional<std::string>& text) {
    return text && text->find('\0') == std::string::npos;
  };
  return (value.kind != JsonKind::string || holds(value.text)) &&
         std::all_of(value.names.begin(), value.names.end(),
                     [&](const auto& name) { return holds(name.text); }) &&
         std::all_of(value.items.begin(), value.items.end(), is_pg_json);
}

/// Text that PostgreSQL can hold.
std::optional<std::string> pg_text(const Json& value) {
  if (value.kind != JsonKind::string) return std::string(value.raw);
  if (!value.text || value.text->find('\0') != std::string::npos) return std::nullopt;
  return value.text;
}

/// Whole milliseconds in the years that have a text.
std::optional<std::string> instant(const Json& number) {
  const auto whole = as_int(number);
  if (!whole) return std::nullopt;
  const std::int64_t ms = *whole;
  const std::int64_t part = ((ms % 1000) + 1000) % 1000;
  const std::time_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr || parts.tm_year < 1 - 1900 ||
      parts.tm_year > 9999 - 1900) {
    return std::nullopt;
  }
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(part));
  return std::string(text.data());
}

/// PostgreSQL's array literal, taken apart beside the JSON that it should hold.
class ArrayReader {
 public:
  ArrayReader(std::string_view literal, bool of_json) : rest_(literal), of_json_(of_json) {}

  bool holds(const Json& array) { return takes(array) && rest_.empty(); }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool takes(const Json& array) {
    if (!take("{")) return false;
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      if ((i > 0 && !take(",")) || !takes_item(array.items[i])) return false;
    }
    return take("}");
  }
  bool takes_item(const Json& item) {
    if (item.kind == JsonKind::null) return take("NULL");
    if (item.kind == JsonKind::array && !of_json_) return takes(item);
    if (!take("\"")) return false;
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      take("\\");
      text += rest_.substr(0, 1);
      rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    }
    return take("\"") && text == (of_json_ ? std::string(item.raw) : pg_text(item));
  }

  std::string_view rest_;
  bool of_json_;
};

/// Dimensions that PostgreSQL has, and texts that it can hold.
bool is_pg_array(const Json& array, int dimensions) {
  return dimensions > 0 &&
         std::all_of(array.items.begin(), array.items.end(), [&](const Json& item) {
           return item.kind == JsonKind::array ? is_pg_array(item, dimensions - 1)
                                               : pg_text(item).has_value();
         });
}

/// What a column holds for a value that is not null; nothing when it must be refused. Arrays are
/// left to ArrayReader.
std::optional<std::string> cell(const Json& value, ColumnKind kind, bool whole) {
  if (kind == ColumnKind::json)
    return is_pg_json(value) ? std::optional(std::string(value.raw)) : std::nullopt;
  const bool is_hex_notation = !whole && value.raw.starts_with("\"\\\\x");
  if (kind == ColumnKind::bytea && !is_hex_notation) {
    if (const Json* base64 = base64_of(value)) return base64_bytes(*base64);
    if (value.kind != JsonKind::string) return hex(value.raw);
    return value.text ? std::optional(hex(*value.text)) : std::nullopt;
  }
  if (kind == ColumnKind::instant && value.kind == JsonKind::number) return instant(value);
  return pg_text(value);
}

bool is_array_kind(ColumnKind kind) {
  return kind == ColumnKind::array || kind == ColumnKind::json_array;
}
bool is_array_cell(const Json& value, ColumnKind kind) {
  return value.kind == JsonKind::array && is_array_kind(kind);
}

bool fits(const Json& value, ColumnKind kind, bool whole) {
  if (value.kind == JsonKind::null) return true;
  if (is_array_kind(kind) && value.kind == JsonKind::object) return false;
  if (is_array_cell(value, kind))
    return kind == ColumnKind::json_array ? is_pg_json(value) : is_pg_array(value, 6);
  return cell(value, kind, whole).has_value();
}

bool holds(std::string_view field, const Json& value, ColumnKind kind, bool whole) {
  if (value.kind == JsonKind::null) return field == kCopyNull;
  if (field == kCopyNull) return false;
  const std::string text = test::read_copy_field(field);
  if (is_array_cell(value, kind))
    return ArrayReader(text, kind == ColumnKind::json_array).holds(value);
  return text == cell(value, kind, whole);
}

struct Table {
  std::vector<Column> columns;
  bool whole;
};

const std::array<Table, 4>& tables() {
  static const std::array<Table, 4> all{{
      {{{"p", "text", ColumnKind::plain},
        {"j", "json", ColumnKind::json},
        {"b", "bytea", ColumnKind::bytea},
        {"i", "timestamptz", ColumnKind::instant},
        {"a", "text[]", ColumnKind::array},
        {"ja", "jsonb[]", ColumnKind::json_array},
        {"d", "text", ColumnKind::plain, false, true},
        {"rest", "jsonb", ColumnKind::json, true}},
       false},
      {{{"value", "text", ColumnKind::plain}}, true},
      {{{"value", "bytea", ColumnKind::bytea}}, true},
      {{{"value", "jsonb", ColumnKind::json}}, true},
  }};
  return all;
}

/// Which member a column takes (the last of its name), and which members no column takes.
struct Places {
  std::vector<const Json*> columns;
  std::vector<std::size_t> rest;
  bool refused = false;
};

Places places(const Json& value, const Table& table) {
  Places all;
  all.columns.resize(table.columns.size());
  std::vector<const std::string*> given(table.columns.size());
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (!value.names[i].text) {
      all.refused = true;
      return all;
    }
    const std::string& name = *value.names[i].text;
    std::string lower = name;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const Column& c) { return c.name == lower; });
    if (column == table.columns.end()) {
      all.rest.push_back(i);
      continue;
    }
    const auto at = static_cast<std::size_t>(column - table.columns.begin());
    all.refused = all.refused || (given[at] != nullptr && *given[at] != name);
    given[at] = &name;
    all.columns[at] = &value.items[i];
  }
  all.refused = all.refused || (!all.rest.empty() && all.columns.back() != nullptr);
  return all;
}

struct Row {
  std::vector<std::string> fields;
  std::vector<std::size_t> columns;

  bool operator==(const Row&) const = default;
};

std::optional<Row> write(RowEncoder& encoder, const Record& record) {
  OutBuffer out;
  Row row;
  try {
    row.columns = encoder.columns_of(encoder.read(record));
    encoder.write(out);
  } catch (const Error& error) {
    require(error.exit() == Exit::data, "why a record is refused", {error.what()});
    return std::nullopt;
  }
  const std::string_view line = out.view();
  require(line.find('\n') + 1 == line.size() && line.find('\r') == std::string_view::npos,
          "a row is one line", {line});
  std::string_view rest = line.substr(0, line.size() - 1);
  for (;;) {
    const std::size_t tab = std::min(rest.find('\t'), rest.size());
    row.fields.emplace_back(rest.substr(0, tab));
    if (tab == rest.size()) break;
    rest.remove_prefix(tab + 1);
  }
  require(row.fields.size() == row.columns.size(), "a field a column", {line});
  return row;
}

void compare_whole(const std::optional<Row>& row, const Json& value, const Table& table) {
  const ColumnKind kind = table.columns.front().kind;
  require(row.has_value() == fits(value, kind, true), "a whole value fits or not", {value.raw});
  if (row)
    require(holds(row->fields.front(), value, kind, true), "a whole value",
            {value.raw, row->fields.front()});
}

void compare_rest(std::string_view field, const Json& value, const std::vector<std::size_t>& rest) {
  if (rest.empty()) {
    require(field == kCopyNull, "nothing is left", {value.raw, field});
    return;
  }
  const std::string text = test::read_copy_field(field);
  const auto object = parse_json(text);
  require(object && object->items.size() == rest.size(), "what is left", {value.raw, text});
  for (std::size_t i = 0; i < rest.size(); ++i) {
    require(object->names[i].text == value.names[rest[i]].text &&
                object->items[i].raw == value.items[rest[i]].raw,
            "a member that is left", {value.raw, text});
  }
}

void compare_fields(const std::optional<Row>& row, const Json& value, const Table& table) {
  if (value.kind != JsonKind::object) {
    require(!row, "only objects have fields", {value.raw});
    return;
  }
  const Places all = places(value, table);
  bool good = !all.refused;
  for (std::size_t i = 0; good && i < table.columns.size(); ++i) {
    good = all.columns[i] == nullptr || fits(*all.columns[i], table.columns[i].kind, false);
  }
  for (const std::size_t i : all.rest)
    good = good && is_pg_json(value.names[i]) && is_pg_json(value.items[i]);
  require(row.has_value() == good, "a row or not", {value.raw});
  if (!row) return;
  std::size_t at = 0;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (column.has_default && all.columns[i] == nullptr) continue;
    require(at < row->columns.size() && row->columns[at] == i, "the row's columns", {value.raw});
    const std::string& field = row->fields[at++];
    if (all.columns[i] != nullptr) {
      require(holds(field, *all.columns[i], column.kind, false), "a field", {value.raw, field});
    } else if (column.may_take_rest) {
      compare_rest(field, value, all.rest);
    } else {
      require(field == kCopyNull, "no field is NULL", {value.raw, field});
    }
  }
  require(at == row->fields.size(), "no more fields", {value.raw});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  if (text.find('\n') != std::string_view::npos) return 0;
  const Padded line(R"({"topic":"t","partition":0,"offset":1,"value":)" + std::string(text) + "}");
  RecordDecoder decoder;
  Record record;
  if (!decoder.decode(line.view(), record).empty() || record.value.is_null()) return 0;
  const auto value = parse_json(record.value.raw);
  const bool clear = value && value->depth < JsonChecker::kMaxDepth;
  for (const Table& table : tables()) {
    RowEncoder encoder(ColumnMap(table.columns, table.whole), "t");
    const auto row = write(encoder, record);
    require(write(encoder, record) == row, "the same record is the same row", {record.value.raw});
    if (!clear) continue;
    if (table.whole) {
      compare_whole(row, *value, table);
    } else {
      compare_fields(row, *value, table);
    }
  }
  return 0;
}
