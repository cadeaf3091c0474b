// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_reader.hpp"

#include <cstring>

#include "common/base/parse.hpp"
#include "common/wire/json_grammar.hpp"
#include "common/wire/json_scan.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

/// Walks over one level. Each step says whether the text goes on as it must.
class Walk {
 public:
  explicit Walk(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool take(char c) {
    skip_spaces();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  /// A member's name, with its quotes.
  bool take_name(std::string_view& quoted, bool& has_escapes) {
    skip_spaces();
    const char* const begin = at_;
    if (at_ == end_ || *at_ != '"') return false;
    const JsonStringEnd string = json_string_end(begin + 1, end_);
    has_escapes = string.has_escapes;
    return ends(begin, string.end, quoted);
  }

  bool take_value(JsonText& out) {
    skip_spaces();
    if (at_ == end_) return false;
    const char* const begin = at_;
    switch (*begin) {
      case '"':
        out.kind = JsonKind::string;
        return ends(begin, json_string_end(begin + 1, end_).end, out.raw);
      case '{':
        out.kind = JsonKind::object;
        return ends(begin, json_nested_end(begin + 1, end_, '}'), out.raw);
      case '[':
        out.kind = JsonKind::array;
        return ends(begin, json_nested_end(begin + 1, end_, ']'), out.raw);
      case 't':
        out.kind = JsonKind::boolean;
        return take_word("true", out.raw);
      case 'f':
        out.kind = JsonKind::boolean;
        return take_word("false", out.raw);
      case 'n':
        out.kind = JsonKind::null;
        return take_word("null", out.raw);
      default:
        out.kind = JsonKind::number;
        return ends(begin, json_number_end(begin, end_), out.raw);
    }
  }

  bool at_end() {
    skip_spaces();
    return at_ == end_;
  }

 private:
  void skip_spaces() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  bool ends(const char* begin, const char* end, std::string_view& raw) {
    if (end == nullptr) return false;
    raw = {begin, static_cast<std::size_t>(end - begin)};
    at_ = end;
    return true;
  }

  bool take_word(std::string_view word, std::string_view& raw) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    return std::string_view(at_, left).starts_with(word) && ends(at_, at_ + word.size(), raw);
  }

  const char* at_;
  const char* end_;
};

}  // namespace

bool JsonReader::object(std::string_view text, std::vector<JsonField>& fields) {
  fields.clear();
  names_.clear();
  Walk walk(text);
  if (!is_valid_utf8(text) || !walk.take('{')) return false;
  if (walk.take('}')) return walk.at_end();
  do {
    JsonField& field = fields.emplace_back();
    std::string_view quoted;
    bool has_escapes = false;
    if (!walk.take_name(quoted, has_escapes)) return false;
    field.name = quoted.substr(1, quoted.size() - 2);
    if (has_escapes) {
      std::string& name = names_.emplace_back();
      if (!append_unescaped(name, quoted)) return false;
      field.name = name;
    }
    if (!walk.take(':') || !walk.take_value(field.value)) return false;
  } while (walk.take(','));
  return walk.take('}') && walk.at_end();
}

bool JsonReader::array(std::string_view text, std::vector<JsonText>& elements) {
  elements.clear();
  Walk walk(text);
  if (!is_valid_utf8(text) || !walk.take('[')) return false;
  if (walk.take(']')) return walk.at_end();
  do {
    if (!walk.take_value(elements.emplace_back())) return false;
  } while (walk.take(','));
  return walk.take(']') && walk.at_end();
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
