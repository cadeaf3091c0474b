// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/schema/json_number.hpp"
#include "common/schema/json_pattern.hpp"
#include "common/schema/json_tree.hpp"

namespace kpipe {

/// A schema within a JSON Schema, read: its keywords by their own names. Schemas within it are
/// numbers in the list that all of them stand in.
struct JsonRules {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  enum Type : std::uint8_t {
    null_type = 1,
    boolean_type = 2,
    number_type = 4,
    integer_type = 8,
    string_type = 16,
    array_type = 32,
    object_type = 64
  };

  bool never = false;             ///< the schema false
  std::size_t reference = kNone;  ///< $ref: then nothing else counts
  std::uint8_t types = 0;         ///< 0: any
  const JsonTree* enumeration = nullptr;
  const JsonTree* constant = nullptr;

  std::optional<JsonNumber> minimum, exclusive_minimum, maximum, exclusive_maximum, multiple_of;
  std::optional<std::size_t> min_length, max_length, min_items, max_items, min_properties,
      max_properties;
  std::shared_ptr<const JsonPattern> pattern;
  bool unique_items = false;

  std::size_t items = kNone;  ///< for each, or for those behind `tuple`
  std::vector<std::size_t> tuple;
  std::size_t contains = kNone;

  std::vector<std::string> required;
  std::map<std::string, std::size_t, std::less<>> properties;
  std::vector<std::pair<std::shared_ptr<const JsonPattern>, std::size_t>> pattern_properties;
  std::size_t additional_properties = kNone;
  std::size_t property_names = kNone;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_names;
  std::vector<std::pair<std::string, std::size_t>> dependent_schemas;

  std::vector<std::size_t> all_of, any_of, one_of;
  std::size_t negated = kNone;
  std::size_t condition = kNone, consequence = kNone, alternative = kNone;
};

}  // namespace kpipe
