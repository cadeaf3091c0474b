// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/name_template.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/error.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/name_text.hpp"
#include "tools/ksink-file/utc_format.hpp"

namespace kpipe {
namespace {

using Kind = NamePart::Kind;

constexpr const char* kExample = "'{topic}/{partition}/{start}-{end}.ndjson'";
/// What file systems allow for one name.
constexpr std::size_t kMaxName = 255;
/// With the folder before it a path stays below PATH_MAX (4096).
constexpr std::size_t kMaxPath = 3000;
constexpr std::string_view kOurFolder = ".kpipe";

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(Exit::usage,
              "--template: '" + text + "': " + why + ". Example: --template " + kExample);
}

NamePart part_of(const std::string& text, const std::string& inside) {
  static const std::array<std::pair<std::string_view, Kind>, 6> plain{
      {{"topic", Kind::topic},
       {"partition", Kind::partition},
       {"start", Kind::start},
       {"end", Kind::end},
       {"key", Kind::key},
       {"first_ts", Kind::first_ts}}};
  static const std::array<std::pair<std::string_view, Kind>, 4> with_argument{
      {{"header:", Kind::header},
       {"field:", Kind::field},
       {"ts:", Kind::ts},
       {"first_ts:", Kind::first_ts}}};
  for (const auto& [name, kind] : plain) {
    if (inside == name) return {kind, {}};
  }
  for (const auto& [name, kind] : with_argument) {
    if (!inside.starts_with(name) || inside.size() == name.size()) continue;
    NamePart part{kind, inside.substr(name.size())};
    const bool is_time = kind == Kind::ts || kind == Kind::first_ts;
    if (is_time && !UtcFormat::parse(part.argument)) {
      refuse(text, "{" + inside + "}: not a format of time. Use %Y %m %d %H %M %S %j %F, in UTC");
    }
    const bool has_gap = ("." + part.argument + ".").find("..") != std::string::npos;
    if (kind == Kind::field && has_gap) {
      refuse(text, "{" + inside + "}: a name between two dots is missing");
    }
    return part;
  }
  refuse(text, "{" + inside +
                   "}: unknown. There are {topic} {partition} {start} {end} {key} {header:NAME} "
                   "{field:a.b} {ts:%Y/%m/%d/%H} {first_ts}");
}

bool is_text(Kind kind) {
  return kind == Kind::topic || kind == Kind::key || kind == Kind::header || kind == Kind::field;
}

/// What an expanded text can hold; see name_text.hpp.
bool can_be_in_text(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '%' || c == '~';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The longest that a part can become, with the slashes it will have.
std::string longest(const NamePart& part) {
  constexpr std::size_t digits_of_offset = 19;
  constexpr std::size_t digits_of_partition = 10;
  switch (part.kind) {
    case Kind::literal:
      return part.argument;
    case Kind::partition:
      return std::string(digits_of_partition, '9');
    case Kind::start:
    case Kind::end:
      return std::string(digits_of_offset, '9');
    case Kind::ts:
    case Kind::first_ts: {
      if (part.argument.empty()) return std::string(digits_of_offset + 1, '9');
      return std::string(UtcFormat::parse(part.argument)->format(0).value_or(""));
    }
    default:
      return std::string(kMaxTextName, 'x');
  }
}

}  // namespace

NameTemplate NameTemplate::parse(const std::string& text) {
  NameTemplate result;
  result.text_ = text;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
    if (brace > at) result.parts_.push_back({Kind::literal, text.substr(at, brace - at)});
    if (brace == text.size()) break;
    const std::size_t close = text.find_first_of("{}", brace + 1);
    if (text[brace] == '}' || close == std::string::npos || text[close] == '{') {
      refuse(text, "a brace without its other one");
    }
    result.parts_.push_back(part_of(text, text.substr(brace + 1, close - brace - 1)));
    at = close + 1;
  }
  result.check();
  return result;
}

bool NameTemplate::has(NamePart::Kind kind) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [kind](const NamePart& part) { return part.kind == kind; });
}

void NameTemplate::check() const {
  if (text_.empty()) refuse(text_, "is empty");
  const bool has_control = std::any_of(text_.begin(), text_.end(), [](char c) {
    constexpr unsigned char del = 0x7f;
    return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) == del;
  });
  if (has_control || !is_valid_utf8(text_)) refuse("", "has a control character, or is no UTF-8");
  check_unique();
  check_names();
}

void NameTemplate::check_unique() const {
  if (!has(Kind::start) && !has(Kind::end)) {
    refuse(text_, "without {start} or {end} two files of a partition could have one name");
  }
  const NamePart* before = nullptr;  // the last part that is no literal
  bool text_in_name = false;         // since the last character that no text can hold
  std::string between;
  for (const NamePart& part : parts_) {
    if (part.kind == Kind::literal) {
      between = part.argument;
      text_in_name &= std::all_of(between.begin(), between.end(), can_be_in_text);
      continue;
    }
    const bool is_open = between.empty() || is_digit(between.front()) || is_digit(between.back());
    if (before != nullptr && is_open) {
      refuse(text_,
             "where one part ends and the next begins could not be told, so two files could have "
             "one name. Put '/' or '-' between them");
    }
    if (is_text(part.kind) && text_in_name) {
      refuse(text_,
             "two texts with only letters, digits, '.', '_' or '-' between them could be one name "
             "for two files. Put '/', '=' or ',' between them");
    }
    text_in_name |= is_text(part.kind);
    between.clear();
    before = &part;
  }
}

void NameTemplate::check_names() const {
  std::string sample;
  for (const NamePart& part : parts_) sample += longest(part);
  if (sample.size() > kMaxPath) refuse(text_, "could become longer than a path may be");
  if (sample.starts_with(kOurFolder)) refuse(text_, "names in .kpipe are ksink-file's own");
  for (std::size_t at = 0; at <= sample.size();) {
    const std::size_t slash = std::min(sample.find('/', at), sample.size());
    const std::string name = sample.substr(at, slash - at);
    if (name.empty() || name == "." || name == "..") {
      refuse(text_, "begins or ends with '/', or has a name that is empty, '.' or '..'");
    }
    if (name.size() > kMaxName) {
      refuse(text_, "a name in it could become longer than " + std::to_string(kMaxName) +
                        " bytes. Put a '/' between its parts");
    }
    at = slash + 1;
  }
}

std::string NameTemplate::finished(const std::string& name, std::int64_t end) {
  std::string result = name;
  const std::string last = std::to_string(end);
  for (std::size_t at = result.find(kEnd); at != std::string::npos; at = result.find(kEnd, at)) {
    result.replace(at, kEnd.size(), last);
  }
  return result;
}

}  // namespace kpipe
