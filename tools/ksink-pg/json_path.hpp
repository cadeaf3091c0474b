// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/json_reader.hpp"

namespace kpipe {

/// A place in a record's value or key: "value.order.lines[0].price", "key.id", "value".
struct JsonPath {
  enum class Root { value, key };
  /// A member's name, or the index of an element.
  struct Step {
    std::string name{};
    std::optional<std::size_t> index{};

    bool operator==(const Step&) const = default;
  };

  Root root = Root::value;
  std::vector<Step> steps;

  bool operator==(const JsonPath&) const = default;
};

/// Names stand as they are in JSON; those with a dot, bracket, quote, comma or space in double
/// quotes, "" being one quote: value."unit price". nullopt when malformed.
std::optional<JsonPath> parse_json_path(std::string_view text);

/// Follows paths. Of members with one name the last counts.
class JsonWalker {
 public:
  /// Nothing when there is no such place.
  std::optional<JsonText> find(const JsonPath& path, const JsonText& root);

 private:
  JsonReader reader_;
  std::vector<JsonField> fields_;
  std::vector<JsonText> elements_;
};

}  // namespace kpipe
