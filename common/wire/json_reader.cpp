// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "common/base/parse.hpp"
#include "common/wire/json_check.hpp"
#include "common/wire/json_grammar.hpp"

namespace kpipe {
namespace {

namespace ondemand = simdjson::ondemand;

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' ||
                           text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// simdjson looks at a scalar only when it converts it, and we never convert.
bool take_scalar(JsonText& out) {
  if (out.raw.empty()) return false;
  switch (out.raw.front()) {
    case '"':
      out.kind = JsonKind::string;
      return out.raw.size() >= 2 && out.raw.back() == '"';
    case 't':
      out.kind = JsonKind::boolean;
      return out.raw == "true";
    case 'f':
      out.kind = JsonKind::boolean;
      return out.raw == "false";
    case 'n':
      out.kind = JsonKind::null;
      return out.raw == "null";
    default:
      out.kind = JsonKind::number;
      return is_json_number(out.raw);
  }
}

/// A scalar goes up to the next token, which must be a comma or the bracket that closes the level.
/// Of what is nested only the begin is known: the reader ends it when the iterator has skipped it.
/// (raw_json() would find the end, but takes a string before a colon for a name wherever it stands,
/// counts one bracket less from there on, and swallows what follows.)
bool take_value(ondemand::value value, char close, JsonText& out) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  out.raw = value.raw_json_token();
  if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
    out.kind = type == ondemand::json_type::object ? JsonKind::object : JsonKind::array;
    return true;
  }
  // Behind the last token stands the padding, which is no text.
  const char next = out.raw.data()[out.raw.size()];
  out.raw = trim_right(out.raw);
  return (next == ',' || next == close) && take_scalar(out);
}

/// Ends a value that was skipped where the next one begins, or the text ends: before the comma or
/// bracket there. False when it is not closed by a bracket of its kind.
bool end_value(JsonText& value, const char* next) {
  if (value.kind != JsonKind::object && value.kind != JsonKind::array) return true;
  const char* const begin = value.raw.data();
  value.raw = trim_right({begin, static_cast<std::size_t>(next - begin)});
  value.raw.remove_suffix(1);
  value.raw = trim_right(value.raw);
  return value.raw.back() == (value.kind == JsonKind::object ? '}' : ']');
}

bool take_name(ondemand::field& field, std::string_view& name) {
  const char* start = field.key().raw();
  const char* end = start;
  // Stage 1 has proved that the string ends inside the text.
  while (*end != '"' && *end != '\\') ++end;
  if (*end == '"') {
    name = {start, static_cast<std::size_t>(end - start)};
    return true;
  }
  return field.unescaped_key().get(name) == simdjson::SUCCESS;
}

}  // namespace

struct JsonReader::Parser {
  ondemand::parser parser;
  ondemand::document document;

  bool open(std::string_view text) {
    if (text.size() > parser.capacity()) {
      const std::size_t capacity = std::max<std::size_t>(2 * text.size(), 65536);
      if (parser.allocate(capacity, JsonChecker::kMaxDepth + 8) != simdjson::SUCCESS) return false;
    }
    const simdjson::padded_string_view padded(text.data(), text.size(),
                                              text.size() + simdjson::SIMDJSON_PADDING);
    return parser.iterate(padded).get(document) == simdjson::SUCCESS;
  }

  /// Nothing but white space follows the value that was read.
  bool at_end() { return document.current_location().error() == simdjson::OUT_OF_BOUNDS; }
};

JsonReader::JsonReader() : parser_(std::make_unique<Parser>()) {}
JsonReader::~JsonReader() = default;

bool JsonReader::object(std::string_view text, std::vector<JsonField>& fields) {
  fields.clear();
  ondemand::object object;
  if (!parser_->open(text) || parser_->document.get_object().get(object) != simdjson::SUCCESS) {
    return false;
  }
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field) != simdjson::SUCCESS) return false;
    const char* const name = field.key().raw() - 1;
    if (!fields.empty() && !end_value(fields.back().value, name)) return false;
    JsonField& out = fields.emplace_back();
    if (!take_name(field, out.name) || !take_value(field.value(), '}', out.value)) return false;
  }
  return parser_->at_end() &&
         (fields.empty() || end_value(fields.back().value, text.data() + text.size()));
}

bool JsonReader::array(std::string_view text, std::vector<JsonText>& elements) {
  elements.clear();
  ondemand::array array;
  if (!parser_->open(text) || parser_->document.get_array().get(array) != simdjson::SUCCESS) {
    return false;
  }
  for (auto result : array) {
    ondemand::value value;
    if (std::move(result).get(value) != simdjson::SUCCESS) return false;
    const char* const begin = value.raw_json_token().data();
    if (!elements.empty() && !end_value(elements.back(), begin)) return false;
    if (!take_value(value, ']', elements.emplace_back())) return false;
  }
  return parser_->at_end() &&
         (elements.empty() || end_value(elements.back(), text.data() + text.size()));
}

std::optional<std::string_view> plain_string(const JsonText& text) noexcept {
  if (text.kind != JsonKind::string) return std::nullopt;
  const std::string_view inner = text.raw.substr(1, text.raw.size() - 2);
  if (std::memchr(inner.data(), '\\', inner.size()) != nullptr) return std::nullopt;
  return inner;
}

std::optional<std::int64_t> json_int(const JsonText& text) noexcept {
  if (text.kind != JsonKind::number) return std::nullopt;
  return parse_int(text.raw);
}

}  // namespace kpipe
