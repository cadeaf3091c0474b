// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/json_tree.hpp"
#include "common/schema/registry.hpp"

namespace kpipe {

/// `reference` taken from `base` (RFC 3986 5.2); without a base as it is.
std::string resolve_uri(std::string_view base, std::string_view reference);

/// A JSON Schema and what it may refer to: its own parts, and the schemas that are registered with
/// it. Nothing is ever fetched by an address that stands in a schema.
class JsonDocuments {
 public:
  /// A schema, and the address from which its own references are taken.
  struct Place {
    const JsonTree* schema = nullptr;
    std::string base;
  };

  /// Throws std::invalid_argument with the reason: not JSON, nested deeper than 100.
  JsonDocuments(std::string_view schema, const std::vector<ReferencedSchema>& references);

  Place root() const { return {trees_.front().get(), bases_.front()}; }
  /// What "$ref" leads to. Throws std::invalid_argument when that is nowhere.
  Place find(const std::string& reference, const std::string& base) const;
  /// The base within a schema, which may have an address of its own.
  static std::string base_within(const JsonTree& schema, const std::string& base);

 private:
  void add(std::string_view text, const std::string& address);
  void index(const JsonTree& schema, const std::string& base);

  std::vector<std::unique_ptr<const JsonTree>> trees_;
  std::vector<std::string> bases_;
  std::map<std::string, Place> addresses_;  ///< without an empty fragment
};

}  // namespace kpipe
