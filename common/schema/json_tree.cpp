// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_tree.hpp"

#include <cstring>
#include <stdexcept>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_check.hpp"

namespace kpipe {
namespace {

class Builder {
 public:
  explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

  JsonTree build(const JsonText& json, std::size_t depth = 0) {
    if (depth > max_depth_)
      throw std::invalid_argument("is nested deeper than " + std::to_string(max_depth_));
    JsonTree tree;
    tree.kind = json.kind;
    switch (json.kind) {
      case JsonKind::object: {
        std::vector<JsonField> fields;
        if (!reader_.object(json.raw, fields)) refuse();
        // A name with escapes stands in the reader, and is gone when a member is read.
        for (const JsonField& field : fields) tree.names.emplace_back(field.name);
        for (const JsonField& field : fields) tree.items.push_back(build(field.value, depth + 1));
        break;
      }
      case JsonKind::array: {
        std::vector<JsonText> elements;
        if (!reader_.array(json.raw, elements)) refuse();
        for (const JsonText& element : elements) tree.items.push_back(build(element, depth + 1));
        break;
      }
      case JsonKind::string:
        if (!append_unescaped(tree.text, json.raw)) refuse();
        break;
      default:
        tree.text = json.raw;
    }
    return tree;
  }

  [[noreturn]] static void refuse() { throw std::invalid_argument("is not valid JSON"); }

 private:
  JsonReader reader_;
  std::size_t max_depth_;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  return begin == std::string_view::npos
             ? std::string_view{}
             : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

}  // namespace

const JsonTree* JsonTree::find(std::string_view name) const noexcept {
  for (std::size_t i = names.size(); i-- > 0;)
    if (names[i] == name) return &items[i];
  return nullptr;
}

JsonTree parse_json_tree(std::string_view text, std::size_t max_depth) {
  // Editors of some systems put a byte order mark before what they save.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = trimmed(text);
  if (text.empty()) throw std::invalid_argument("is empty");
  // JsonReader takes one element apart at a time: the text becomes the only one of an array.
  OutBuffer padded;
  padded.append('[');
  padded.append(text);
  padded.append(']');
  JsonChecker checker;
  if (!checker.check_line(padded.data(), padded.size())) Builder::refuse();
  JsonReader reader;
  std::vector<JsonText> elements;
  if (!reader.array(padded.view(), elements) || elements.size() != 1) Builder::refuse();
  return Builder(max_depth).build(elements.front());
}

}  // namespace kpipe
