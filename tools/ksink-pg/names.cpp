// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/names.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// NAMEDATALEN - 1: PostgreSQL cuts longer names, and two could become one.
constexpr std::size_t kMaxIdentifier = 63;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

std::optional<std::string> take_quoted(std::string_view& text) {
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '"') {
      name += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '"') {
      name += text[++i];
    } else {
      text.remove_prefix(i + 1);
      return name;
    }
  }
  return std::nullopt;
}

/// Takes one identifier off the front; nullopt when there is none.
std::optional<std::string> take_identifier(std::string_view& text) {
  std::optional<std::string> name;
  if (text.starts_with('"')) {
    name = take_quoted(text);
  } else {
    std::size_t end = 0;
    const auto fits = [&](char c) {
      return is_lower(c) || is_upper(c) || is_high(c) || c == '_' ||
             (end > 0 && (is_digit(c) || c == '$'));
    };
    while (end < text.size() && fits(text[end])) ++end;
    name.emplace(text.substr(0, end));
    *name = lower(*name);
    text.remove_prefix(end);
  }
  if (!name || name->empty() || name->size() > kMaxIdentifier) return std::nullopt;
  return name;
}

[[noreturn]] void refuse_table(std::string_view text, std::string_view option) {
  throw Error(
      Exit::usage,
      std::string(option) + ": '" + std::string(text) +
          "' is not a table name. Write TABLE or SCHEMA.TABLE; names with other characters than "
          "letters, digits and _ in double quotes: 'sales.\"My Orders\"'");
}

[[noreturn]] void refuse_columns(std::string_view part) {
  throw Error(
      Exit::usage,
      "--columns: '" + std::string(part) +
          "' is not a column. Write 'id bigint, total numeric(10,2), at timestamptz', or one name "
          "for a jsonb column that takes the whole value");
}

/// At the commas that are neither within quotes nor within parentheses.
std::vector<std::string_view> split_definitions(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  parts.push_back(text.substr(start));
  return parts;
}

/// No '-', '/', ';' or quote: a type cannot bring a comment or a second statement along.
bool is_type_text(std::string_view type) {
  return std::all_of(type.begin(), type.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || is_high(c) ||
           std::string_view("_ (),.[]\"").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  skip_spaces(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

ColumnDefinition parse_column(std::string_view part) {
  std::string_view rest = part;
  skip_spaces(rest);
  const auto name = take_identifier(rest);
  if (!name || (!rest.empty() && !is_space(rest.front()))) refuse_columns(part);
  // The type has no '='; where it is in quotes, the path is wrong and refused.
  const std::size_t equals = rest.find('=');
  const std::string_view type = trimmed(rest.substr(0, equals));
  if (!is_type_text(type)) refuse_columns(part);
  if (equals == std::string_view::npos) return {*name, std::string(type), {}};
  const std::string_view place = trimmed(rest.substr(equals + 1));
  auto path = parse_json_path(place);
  if (!path) {
    throw Error(Exit::usage, "--columns: " + *name + ": '" + std::string(place) +
                                 "' is no place in a record. Write value.order.total, "
                                 "value.lines[0].\"unit price\", key.id, value or key");
  }
  return {*name, std::string(type), std::move(path)};
}

std::string typed_identifier(const std::string& name) {
  const auto is_plain = [](char c) { return is_lower(c) || is_digit(c) || c == '_'; };
  if (!is_digit(name.front()) && std::all_of(name.begin(), name.end(), is_plain)) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

QualifiedName parse_table_name(std::string_view text, std::string_view option) {
  std::string_view rest = text;
  const auto first = take_identifier(rest);
  if (!first) refuse_table(text, option);
  if (rest.empty()) return {"", *first};
  if (!rest.starts_with('.')) refuse_table(text, option);
  rest.remove_prefix(1);
  const auto second = take_identifier(rest);
  if (!second || !rest.empty()) refuse_table(text, option);
  return {*first, *second};
}

std::vector<ColumnDefinition> parse_columns(std::string_view text) {
  std::vector<ColumnDefinition> columns;
  for (const std::string_view part : split_definitions(text)) columns.push_back(parse_column(part));
  for (const ColumnDefinition& column : columns) {
    if (column.type.empty() && !column.path && columns.size() > 1) refuse_columns(column.name);
    if (std::count_if(columns.begin(), columns.end(), [&](const ColumnDefinition& other) {
          return other.name == column.name;
        }) > 1) {
      throw Error(Exit::usage, "--columns: '" + column.name + "' is given twice");
    }
  }
  return columns;
}

KeyOption parse_primary_key(std::string_view text) {
  const auto refuse = [&] {
    throw Error(Exit::usage, "--primary-key: '" + std::string(text) +
                                 "': expected names of columns (id, or region,id), or key for the "
                                 "record's key");
  };
  KeyOption key;
  for (std::string_view part : split_definitions(text)) {
    skip_spaces(part);
    const bool quoted = part.starts_with('"');
    const auto name = take_identifier(part);
    skip_spaces(part);
    if (!name || !part.empty()) refuse();
    key.of_record = key.of_record || (!quoted && *name == "key");
    if (std::find(key.columns.begin(), key.columns.end(), *name) != key.columns.end()) refuse();
    key.columns.push_back(*name);
  }
  if (key.of_record && key.columns.size() > 1) refuse();
  if (key.of_record) key.columns.clear();
  return key;
}

std::string display_name(const QualifiedName& name) {
  return name.schema.empty() ? name.table : name.schema + "." + name.table;
}

std::string typed_name(const QualifiedName& name) {
  const std::string table = typed_identifier(name.table);
  return name.schema.empty() ? table : typed_identifier(name.schema) + "." + table;
}

}  // namespace kpipe
