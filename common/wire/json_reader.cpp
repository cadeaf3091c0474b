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

bool take_scalar(ondemand::value& value, JsonText& out) {
  out.raw = trim_right(value.raw_json_token());
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
      // simdjson looks at a scalar only when it converts it, and we never convert.
      out.kind = JsonKind::number;
      return is_json_number(out.raw);
  }
}

bool take_value(ondemand::value value, JsonText& out) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    out.kind = JsonKind::object;
    return value.get_object().get(object) == simdjson::SUCCESS &&
           object.raw_json().get(out.raw) == simdjson::SUCCESS;
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    out.kind = JsonKind::array;
    return value.get_array().get(array) == simdjson::SUCCESS &&
           array.raw_json().get(out.raw) == simdjson::SUCCESS;
  }
  return take_scalar(value, out);
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
    JsonField& out = fields.emplace_back();
    if (std::move(result).get(field) != simdjson::SUCCESS || !take_name(field, out.name) ||
        !take_value(field.value(), out.value)) {
      return false;
    }
  }
  return parser_->at_end();
}

bool JsonReader::array(std::string_view text, std::vector<JsonText>& elements) {
  elements.clear();
  ondemand::array array;
  if (!parser_->open(text) || parser_->document.get_array().get(array) != simdjson::SUCCESS) {
    return false;
  }
  for (auto result : array) {
    ondemand::value value;
    if (std::move(result).get(value) != simdjson::SUCCESS ||
        !take_value(value, elements.emplace_back())) {
      return false;
    }
  }
  return parser_->at_end();
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
