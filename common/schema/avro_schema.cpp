// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

constexpr std::array<std::string_view, 14> type_names = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "union",  "fixed"};

constexpr std::size_t primitive_count = 8;

std::optional<AvroType> primitive_type(std::string_view name) {
  for (std::size_t i = 0; i < primitive_count; ++i)
    if (type_names[i] == name) return static_cast<AvroType>(i);
  return std::nullopt;
}

std::uint32_t smallest(AvroType type) {
  switch (type) {
    case AvroType::null:
      return 0;
    case AvroType::float_:
      return 4;
    case AvroType::double_:
      return 8;
    default:
      return 1;
  }
}

std::uint32_t capped_sum(std::uint32_t a, std::uint32_t b) {
  return b > std::numeric_limits<std::uint32_t>::max() - a
             ? std::numeric_limits<std::uint32_t>::max()
             : a + b;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::optional<std::uint32_t> whole_number(const JsonTree* json) {
  if (json == nullptr || json->kind != JsonKind::number) return std::nullopt;
  const auto value = parse_int(json->text);
  if (!value || *value < 0 || *value > std::numeric_limits<std::int32_t>::max())
    return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

struct LogicalRule {
  std::string_view name;
  AvroLogical logical;
  AvroType type;
  std::uint32_t size;  ///< of a fixed; 0 for any
};

constexpr LogicalRule logical_rules[] = {
    {"decimal", AvroLogical::decimal, AvroType::bytes, 0},
    {"decimal", AvroLogical::decimal, AvroType::fixed, 0},
    {"big-decimal", AvroLogical::big_decimal, AvroType::bytes, 0},
    {"uuid", AvroLogical::uuid, AvroType::string, 0},
    {"uuid", AvroLogical::uuid, AvroType::fixed, 16},
    {"date", AvroLogical::date, AvroType::int_, 0},
    {"time-millis", AvroLogical::time_millis, AvroType::int_, 0},
    {"time-micros", AvroLogical::time_micros, AvroType::long_, 0},
    {"timestamp-millis", AvroLogical::timestamp_millis, AvroType::long_, 0},
    {"timestamp-micros", AvroLogical::timestamp_micros, AvroType::long_, 0},
    {"timestamp-nanos", AvroLogical::timestamp_nanos, AvroType::long_, 0},
    {"local-timestamp-millis", AvroLogical::local_timestamp_millis, AvroType::long_, 0},
    {"local-timestamp-micros", AvroLogical::local_timestamp_micros, AvroType::long_, 0},
    {"local-timestamp-nanos", AvroLogical::local_timestamp_nanos, AvroType::long_, 0},
    {"duration", AvroLogical::duration, AvroType::fixed, 12},
};

/// The most decimal digits that every number of so many bytes has room for.
double most_digits(std::uint32_t bytes) {
  return bytes == 0 ? 0 : std::floor(std::log10(2.0) * (8.0 * bytes - 1));
}

}  // namespace

/// Walks the JSON of a schema; names_ outlives one text, so that later ones may refer to earlier.
class AvroSchemaParser {
 public:
  AvroSchema take(const AvroNode* root) {
    schema_.root_ = root;
    return std::move(schema_);
  }

  const AvroNode* text(std::string_view json, const std::string& place) {
    place_ = {place};
    JsonTree tree;
    try {
      tree = parse_json_tree(json, AvroSchema::kMaxJsonDepth);
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
    return type(tree, "");
  }

 private:
  /// A step of the way to where the parser is, for messages.
  struct Place {
    Place(AvroSchemaParser& parser, std::string step) : parser_(parser) {
      parser_.place_.push_back(std::move(step));
    }
    ~Place() { parser_.place_.pop_back(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    AvroSchemaParser& parser_;
  };

  [[noreturn]] void fail(const std::string& reason) const {
    std::string where;
    for (const std::string& step : place_) {
      if (!step.empty()) where += step + ": ";
    }
    throw AvroSchemaError(where + reason);
  }

  AvroNode& add(AvroType type) {
    AvroNode& node = schema_.nodes_.emplace_back();
    node.type = type;
    node.min_size = smallest(type);
    return node;
  }

  const AvroNode* type(const JsonTree& json, const std::string& space) {
    switch (json.kind) {
      case JsonKind::string:
        return reference(json.text, space);
      case JsonKind::array:
        return union_type(json, space);
      case JsonKind::object:
        return object_type(json, space);
      default:
        fail("a type is a name, an object or an array of types");
    }
  }

  const AvroNode* reference(const std::string& name, const std::string& space) {
    if (const auto primitive = primitive_type(name)) {
      // One node for all mentions of a primitive: it has no attributes here.
      const AvroNode*& node = primitives_[static_cast<std::size_t>(*primitive)];
      if (node == nullptr) node = &add(*primitive);
      return node;
    }
    auto found = names_.find(full_name(name, space));
    // What is not in the enclosing namespace may be in none: Java has it so.
    if (found == names_.end()) found = names_.find(name);
    if (found == names_.end()) fail("there is no type " + quoted(name));
    return found->second;
  }

  const AvroNode* union_type(const JsonTree& json, const std::string& space) {
    AvroNode& node = add(AvroType::union_);
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < json.items.size(); ++i) {
      const Place place(*this, "branch " + std::to_string(i));
      const AvroNode* branch = type(json.items[i], space);
      if (branch->type == AvroType::union_) fail("a union cannot be a branch of a union");
      if (!seen.insert(branch->branch_name()).second)
        fail("the union has " + quoted(branch->branch_name()) + " already");
      node.inner.push_back(branch);
    }
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    for (const AvroNode* branch : node.inner) least = std::min(least, branch->min_size);
    node.min_size = node.inner.empty() ? 1 : capped_sum(1, least);
    return &node;
  }

  const AvroNode* object_type(const JsonTree& json, const std::string& space) {
    const JsonTree* kind = json.find("type");
    if (kind == nullptr) fail("lacks \"type\"");
    if (!kind->is_string()) {
      const Place place(*this, "type");
      return type(*kind, space);
    }
    if (const auto primitive = primitive_type(kind->text)) {
      AvroNode& node = add(*primitive);
      set_logical(node, json);
      return &node;
    }
    if (kind->text == "record" || kind->text == "error") return record_type(json, space);
    if (kind->text == "enum") return enum_type(json, space);
    if (kind->text == "fixed") return fixed_type(json, space);
    if (kind->text == "array") return collection(AvroType::array, "items", json, space);
    if (kind->text == "map") return collection(AvroType::map, "values", json, space);
    return reference(kind->text, space);
  }

  const AvroNode* collection(AvroType kind, const char* member, const JsonTree& json,
                             const std::string& space) {
    AvroNode& node = add(kind);
    const JsonTree* inner = json.find(member);
    if (inner == nullptr) fail(std::string(avro_type_name(kind)) + " lacks " + quoted(member));
    const Place place(*this, member);
    node.inner.push_back(type(*inner, space));
    return &node;
  }

  static std::string full_name(const std::string& name, const std::string& space) {
    if (name.starts_with('.')) return name.substr(1);
    return space.empty() || name.find('.') != std::string::npos ? name : space + "." + name;
  }

  /// Gives the node its names and enters it under its own.
  AvroNode& named(AvroType kind, const JsonTree& json, std::string& space) {
    const JsonTree* name = json.find("name");
    if (name == nullptr || !name->is_string() || name->text.empty())
      fail(std::string(avro_type_name(kind)) + " lacks \"name\"");
    const JsonTree* given = json.find("namespace");
    if (given != nullptr && given->is_string()) space = given->text;
    AvroNode& node = add(kind);
    node.name = full_name(name->text, space);
    const std::size_t dot = node.name.rfind('.');
    space = dot == std::string::npos ? "" : node.name.substr(0, dot);
    for (const std::string& alias : strings(json, "aliases"))
      node.aliases.push_back(full_name(alias, space));
    if (!names_.emplace(node.name, &node).second) fail(quoted(node.name) + " is defined twice");
    return node;
  }

  /// The strings of an array; none when it is missing.
  std::vector<std::string> strings(const JsonTree& json, const char* member) const {
    std::vector<std::string> all;
    const JsonTree* array = json.find(member);
    if (array == nullptr) return all;
    if (array->kind != JsonKind::array) fail(quoted(member) + " is not an array");
    for (const JsonTree& item : array->items) {
      if (!item.is_string()) fail(quoted(member) + " has an element that is not a string");
      all.push_back(item.text);
    }
    return all;
  }

  const AvroNode* record_type(const JsonTree& json, std::string space) {
    AvroNode& node = named(AvroType::record, json, space);
    const JsonTree* fields = json.find("fields");
    const Place place(*this, node.describe());
    if (fields == nullptr || fields->kind != JsonKind::array) fail("lacks the array \"fields\"");
    std::set<std::string> seen;
    std::uint32_t least = 0;
    for (const JsonTree& item : fields->items) {
      const JsonTree* name = item.find("name");
      if (name == nullptr || !name->is_string()) fail("a field lacks \"name\"");
      const Place field_place(*this, "field " + name->text);
      if (!seen.insert(name->text).second) fail("is there twice");
      const JsonTree* kind = item.find("type");
      if (kind == nullptr) fail("lacks \"type\"");
      AvroField field;
      field.name = name->text;
      field.aliases = strings(item, "aliases");
      if (const JsonTree* value = item.find("default")) field.default_value = *value;
      field.type = type(*kind, space);
      least = capped_sum(least, field.type->min_size);
      node.fields.push_back(std::move(field));
    }
    // Until here it was 1 for what refers to it from inside: a record that contains itself by
    // fields alone has no values, and any other way leads through at least one byte.
    node.min_size = least;
    return &node;
  }

  const AvroNode* enum_type(const JsonTree& json, std::string space) {
    AvroNode& node = named(AvroType::enum_, json, space);
    const Place place(*this, node.describe());
    if (json.find("symbols") == nullptr) fail("lacks \"symbols\"");
    node.symbols = strings(json, "symbols");
    std::set<std::string_view> seen;
    for (const std::string& symbol : node.symbols)
      if (!seen.insert(symbol).second) fail("has the symbol " + quoted(symbol) + " twice");
    if (const JsonTree* value = json.find("default")) {
      const auto at = std::find(node.symbols.begin(), node.symbols.end(), value->text);
      if (!value->is_string() || at == node.symbols.end())
        fail("its default is none of its symbols");
      node.default_symbol = static_cast<std::size_t>(at - node.symbols.begin());
    }
    return &node;
  }

  const AvroNode* fixed_type(const JsonTree& json, std::string space) {
    AvroNode& node = named(AvroType::fixed, json, space);
    const Place place(*this, node.describe());
    const auto size = whole_number(json.find("size"));
    if (!size) fail("lacks \"size\", a number of bytes");
    node.size = node.min_size = *size;
    set_logical(node, json);
    return &node;
  }

  void set_logical(AvroNode& node, const JsonTree& json) const {
    const JsonTree* name = json.find("logicalType");
    if (name == nullptr || !name->is_string()) return;
    for (const LogicalRule& rule : logical_rules) {
      if (rule.name != name->text || rule.type != node.type) continue;
      if (rule.size != 0 && rule.size != node.size) continue;
      if (rule.logical == AvroLogical::decimal && !set_decimal(node, json)) continue;
      node.logical = rule.logical;
    }
  }

  bool set_decimal(AvroNode& node, const JsonTree& json) const {
    const auto precision = whole_number(json.find("precision"));
    const JsonTree* given = json.find("scale");
    const auto scale = given == nullptr ? std::uint32_t{0} : whole_number(given);
    if (!precision || *precision == 0 || !scale || *scale > *precision) return false;
    if (node.type == AvroType::fixed && *precision > most_digits(node.size)) return false;
    if (*scale > AvroSchema::kMaxScale)
      fail("a decimal has " + std::to_string(*scale) + " digits behind its point; at most " +
           std::to_string(AvroSchema::kMaxScale) + " can be read");
    node.scale = *scale;
    return true;
  }

  AvroSchema schema_;
  std::map<std::string, const AvroNode*> names_;
  std::array<const AvroNode*, primitive_count> primitives_{};
  std::vector<std::string> place_;
};

std::string_view avro_type_name(AvroType type) noexcept {
  return type_names[static_cast<std::size_t>(type)];
}

std::string_view avro_unqualified(std::string_view full_name) noexcept {
  return full_name.substr(full_name.rfind('.') + 1);
}

std::string AvroNode::describe() const {
  return std::string(avro_type_name(type)) + (is_named() ? " " + name : "");
}

std::string_view AvroNode::branch_name() const noexcept {
  return is_named() ? std::string_view(name) : avro_type_name(type);
}

AvroSchema AvroSchema::parse(std::string_view text,
                             const std::vector<ReferencedSchema>& references) {
  AvroSchemaParser parser;
  for (const ReferencedSchema& reference : references)
    parser.text(reference.text, "reference " + reference.name);
  return parser.take(parser.text(text, ""));
}

}  // namespace kpipe
