// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/json_tree.hpp"
#include "common/schema/registry.hpp"

namespace kpipe {

// Schemas of Apache Avro 1.12, https://avro.apache.org/docs/1.12.0/specification/

enum class AvroType : std::uint8_t {
  null,
  boolean,
  int_,
  long_,
  float_,
  double_,
  bytes,
  string,
  record,
  enum_,
  array,
  map,
  union_,
  fixed
};

/// What a value means beyond its type. A logical type that is unknown, or that its type cannot
/// have, is none, as the specification wants it.
enum class AvroLogical : std::uint8_t {
  none,
  decimal,
  big_decimal,
  uuid,
  date,
  time_millis,
  time_micros,
  timestamp_millis,
  timestamp_micros,
  timestamp_nanos,
  local_timestamp_millis,
  local_timestamp_micros,
  local_timestamp_nanos,
  duration
};

struct AvroNode;

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;
  const AvroNode* type = nullptr;
  std::optional<JsonTree> default_value;  ///< not yet checked: wrong ones are common and unused
};

/// One type. Named types are one node however often they are referred to, so that a schema is a
/// graph, with cycles where a record contains itself.
struct AvroNode {
  AvroType type = AvroType::null;
  AvroLogical logical = AvroLogical::none;
  std::uint32_t scale = 0;           ///< of a decimal
  std::uint32_t size = 0;            ///< of a fixed, in bytes
  std::string name;                  ///< full name of a record, enum or fixed
  std::vector<std::string> aliases;  ///< full names
  std::vector<AvroField> fields;
  std::vector<std::string> symbols;
  std::optional<std::size_t> default_symbol;
  std::vector<const AvroNode*> inner;  ///< branches of a union; the items of an array or map
  /// No value takes fewer bytes. Exact where it is 0: then every value takes none.
  std::uint32_t min_size = 1;

  bool is_named() const noexcept {
    return type == AvroType::record || type == AvroType::enum_ || type == AvroType::fixed;
  }
  /// "long", "record org.example.Order".
  std::string describe() const;
  /// How the JSON encoding names a branch of a union: "long", "org.example.Order".
  std::string_view branch_name() const noexcept;
};

/// A schema that cannot be used; what() says where and why, for people.
struct AvroSchemaError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A parsed schema. Holds all nodes; pointers stay valid as long as it lives, also when it is
/// moved.
class AvroSchema {
 public:
  /// A longer fraction is refused, as in PostgreSQL: it would print as many zeros for each value.
  static constexpr std::uint32_t kMaxScale = 16383;
  /// Of the schema's text: a record in a record takes three levels.
  static constexpr std::size_t kMaxJsonDepth = 250;
  /// Of values, as in decoding.
  static constexpr std::size_t kMaxDepth = 100;

  /// `references` define named types before it, in their order. Throws AvroSchemaError.
  static AvroSchema parse(std::string_view text,
                          const std::vector<ReferencedSchema>& references = {});

  const AvroNode& root() const noexcept { return *root_; }

 private:
  friend class AvroSchemaParser;
  std::deque<AvroNode> nodes_;
  const AvroNode* root_ = nullptr;
};

std::string_view avro_type_name(AvroType type) noexcept;
/// "Order" of "org.example.Order".
std::string_view avro_unqualified(std::string_view full_name) noexcept;

}  // namespace kpipe
