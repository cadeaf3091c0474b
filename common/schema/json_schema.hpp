// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/json_documents.hpp"
#include "common/schema/json_rules.hpp"

namespace kpipe {

/// A JSON Schema of draft 4, 6 or 7 (json-schema.org), ready to be held against values. Schemas and
/// values may be hostile: time, depth and memory are bounded for any pair of them. "format" and the
/// other keywords that describe and do not demand are not looked at.
class JsonSchema {
 public:
  /// Throws std::invalid_argument with the reason, for people: not JSON, a keyword with a value
  /// that it cannot have, a $ref that leads nowhere, a draft that is not known.
  JsonSchema(std::string_view schema, const std::vector<ReferencedSchema>& references);

  /// Empty when `value` satisfies the schema, otherwise where it does not (a JSON pointer, RFC
  /// 6901) and which keyword says so: "/orders/3/total: is more than maximum allows".
  std::string check(const JsonTree& value) const;

 private:
  JsonDocuments documents_;  ///< rules point into it
  std::vector<JsonRules> rules_;
};

/// Puts the schema at `root` into the list, and all that it refers to. Throws like JsonSchema.
std::vector<JsonRules> read_json_rules(const JsonDocuments& documents);

}  // namespace kpipe
