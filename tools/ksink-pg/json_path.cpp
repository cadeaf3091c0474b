// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/json_path.hpp"

#include <algorithm>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

/// Takes a name off the front; empty when there is none.
std::string take_name(std::string_view& text) {
  std::string name;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(".[]\", \t"), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    return name;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '"') {
      name += text[i];
    } else if (text.substr(i + 1).starts_with('"')) {
      name += text[i++];
    } else {
      text.remove_prefix(i + 1);
      return name;
    }
  }
  return {};
}

/// Takes "[12]" off the front.
std::optional<std::size_t> take_index(std::string_view& text) {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const auto index = parse_int(text.substr(1, end - 1));
  if (!index || *index < 0) return std::nullopt;
  text.remove_prefix(end + 1);
  return static_cast<std::size_t>(*index);
}

}  // namespace

std::optional<JsonPath> parse_json_path(std::string_view text) {
  JsonPath path;
  const std::string root = take_name(text);
  if (root != "value" && root != "key") return std::nullopt;
  path.root = root == "key" ? JsonPath::Root::key : JsonPath::Root::value;
  while (!text.empty()) {
    JsonPath::Step& step = path.steps.emplace_back();
    if (text.front() == '[') {
      step.index = take_index(text);
      if (!step.index) return std::nullopt;
      continue;
    }
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
    step.name = take_name(text);
    if (step.name.empty()) return std::nullopt;
  }
  return path;
}

std::optional<JsonText> JsonWalker::find(const JsonPath& path, const JsonText& root) {
  JsonText at = root;
  for (const JsonPath::Step& step : path.steps) {
    if (step.index) {
      if (at.kind != JsonKind::array || !reader_.array(at.raw, elements_) ||
          *step.index >= elements_.size())
        return std::nullopt;
      at = elements_[*step.index];
      continue;
    }
    if (at.kind != JsonKind::object || !reader_.object(at.raw, fields_)) return std::nullopt;
    const auto field = std::find_if(fields_.rbegin(), fields_.rend(),
                                    [&](const JsonField& one) { return one.name == step.name; });
    if (field == fields_.rend()) return std::nullopt;
    at = field->value;
  }
  return at;
}

}  // namespace kpipe
