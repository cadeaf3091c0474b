// SPDX-License-Identifier: Apache-2.0
// read_json_rules() of json_schema.hpp.
#include "common/schema/json_rules.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <stdexcept>

#include "common/schema/json_schema.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMostRules = 100'000;

/// Of later drafts. To pass over them would be to let pass what they forbid.
constexpr std::array<std::string_view, 10> kLaterKeywords{
    "$dynamicRef", "$recursiveRef", "dependentRequired", "dependentSchemas",      "maxContains",
    "minContains", "prefixItems",   "unevaluatedItems",  "unevaluatedProperties", "$vocabulary"};

constexpr std::pair<std::string_view, std::uint8_t> kTypes[] = {
    {"null", JsonRules::null_type},     {"boolean", JsonRules::boolean_type},
    {"number", JsonRules::number_type}, {"integer", JsonRules::integer_type},
    {"string", JsonRules::string_type}, {"array", JsonRules::array_type},
    {"object", JsonRules::object_type}};

class RulesReader {
 public:
  explicit RulesReader(const JsonDocuments& documents) : documents_(documents) {}

  std::vector<JsonRules> read() {
    const JsonDocuments::Place root = documents_.root();
    check_draft(*root.schema);
    add(root);
    // Schemas within schemas are put at the end, so that no recursion is as deep as they refer.
    for (std::size_t i = 0; i < places_.size(); ++i) rules_[i] = read_one(places_[i]);
    return std::move(rules_);
  }

 private:
  [[noreturn]] static void wrong(const std::string& keyword, const std::string& cause) {
    throw std::invalid_argument(keyword + ": " + cause);
  }

  void check_draft(const JsonTree& root) {
    const JsonTree* const draft = root.kind == JsonKind::object ? root.find("$schema") : nullptr;
    if (draft == nullptr || !draft->is_string()) return;
    for (const char* const known : {"/draft-04/", "/draft-06/", "/draft-07/"}) {
      if (draft->text.find(known) != std::string::npos) {
        draft_is_said_ = true;
        return;
      }
    }
    if (draft->text.find("json-schema.org/schema") != std::string::npos) return;
    wrong("$schema", draft->text + " is none that kpipe knows: drafts 4, 6 and 7");
  }

  std::size_t add(const JsonDocuments::Place& place) {
    const auto [known, added] = numbers_.emplace(place.schema, places_.size());
    if (added) {
      if (places_.size() >= kMostRules) wrong("$ref", "there are too many schemas in it");
      places_.push_back(place);
      rules_.emplace_back();
    }
    return known->second;
  }

  std::size_t add(const JsonTree& schema, const std::string& keyword) {
    if (schema.kind != JsonKind::object && schema.kind != JsonKind::boolean)
      wrong(keyword, "expected a schema");
    return add({&schema, base_});
  }

  std::vector<std::size_t> add_all(const JsonTree& list, const std::string& keyword) {
    if (list.kind != JsonKind::array || list.items.empty()) wrong(keyword, "expected schemas");
    std::vector<std::size_t> numbers;
    for (const JsonTree& one : list.items) numbers.push_back(add(one, keyword));
    return numbers;
  }

  static const JsonTree& object(const JsonTree& tree, const std::string& keyword) {
    if (tree.kind != JsonKind::object) wrong(keyword, "expected an object");
    return tree;
  }

  static JsonNumber number(const JsonTree& tree, const std::string& keyword) {
    if (tree.kind != JsonKind::number) wrong(keyword, "expected a number");
    return JsonNumber(tree.text);
  }

  static std::size_t count(const JsonTree& tree, const std::string& keyword) {
    const JsonNumber value = number(tree, keyword);
    if (!value.is_integer() || value < JsonNumber("0"))
      wrong(keyword, "expected a whole number that is not negative");
    if (value > JsonNumber("1e15")) return std::numeric_limits<std::size_t>::max();
    // 2.0 is a whole number as well.
    std::size_t result = 0;
    for (std::size_t bit = std::size_t{1} << 50; bit > 0; bit >>= 1)
      if (JsonNumber(std::to_string(result | bit)) <= value) result |= bit;
    return result;
  }

  static bool truth(const JsonTree& tree, const std::string& keyword) {
    if (tree.kind != JsonKind::boolean) wrong(keyword, "expected true or false");
    return tree.text == "true";
  }

  static std::vector<std::string> texts(const JsonTree& tree, const std::string& keyword) {
    std::vector<std::string> result;
    if (tree.kind != JsonKind::array) wrong(keyword, "expected a list of names");
    for (const JsonTree& one : tree.items) {
      if (!one.is_string()) wrong(keyword, "expected a list of names");
      result.push_back(one.text);
    }
    return result;
  }

  static std::uint8_t types(const JsonTree& tree) {
    std::uint8_t bits = 0;
    for (const std::string& name :
         tree.is_string() ? std::vector<std::string>{tree.text} : texts(tree, "type")) {
      const auto* const known = std::find_if(std::begin(kTypes), std::end(kTypes),
                                             [&](const auto& one) { return one.first == name; });
      if (known == std::end(kTypes)) wrong("type", "'" + name + "' is none");
      bits |= known->second;
    }
    if (bits == 0) wrong("type", "names none");
    return bits;
  }

  std::shared_ptr<const JsonPattern> pattern(const std::string& text, const std::string& keyword) {
    std::shared_ptr<const JsonPattern>& known = patterns_[text];
    if (known) return known;
    try {
      known = std::make_shared<const JsonPattern>(text);
    } catch (const std::invalid_argument& cause) {
      wrong(keyword, "'" + text + "': " + cause.what());
    }
    return known;
  }

  JsonRules read_one(const JsonDocuments::Place place) {
    JsonRules rules;
    const JsonTree& schema = *place.schema;
    if (schema.kind == JsonKind::boolean) {
      rules.never = schema.text == "false";
      return rules;
    }
    if (schema.kind != JsonKind::object)
      throw std::invalid_argument("a schema is an object, true or false");
    if (const JsonTree* const reference = schema.find("$ref")) {
      if (!reference->is_string()) wrong("$ref", "expected text");
      rules.reference = add(documents_.find(reference->text, place.base));
      return rules;
    }
    base_ = JsonDocuments::base_within(schema, place.base);
    // Of two keywords with one name the later counts.
    for (std::size_t i = 0; i < schema.items.size(); ++i)
      read_keyword(schema.names[i], schema.items[i], schema, rules);
    return rules;
  }

  void read_keyword(const std::string& name, const JsonTree& value, const JsonTree& schema,
                    JsonRules& rules) {
    if (read_value_keyword(name, value, schema, rules) ||
        read_array_keyword(name, value, schema, rules) || read_object_keyword(name, value, rules) ||
        read_applied_keyword(name, value, schema, rules))
      return;
    if (!draft_is_said_ &&
        std::find(kLaterKeywords.begin(), kLaterKeywords.end(), name) != kLaterKeywords.end())
      wrong(name, "kpipe knows drafts 4, 6 and 7, and this is of a later one");
  }

  static bool is_true(const JsonTree* tree) {
    return tree != nullptr && tree->kind == JsonKind::boolean && tree->text == "true";
  }

  bool read_value_keyword(const std::string& name, const JsonTree& value, const JsonTree& schema,
                          JsonRules& rules) {
    if (name == "type") {
      rules.types = types(value);
    } else if (name == "enum") {
      if (value.kind != JsonKind::array) wrong(name, "expected a list");
      rules.enumeration = &value;
    } else if (name == "const") {
      rules.constant = &value;
    } else if (name == "minimum") {
      // Draft 4 says in another keyword that the limit itself is out.
      const bool out = is_true(schema.find("exclusiveMinimum"));
      (out ? rules.exclusive_minimum : rules.minimum) = number(value, name);
    } else if (name == "maximum") {
      const bool out = is_true(schema.find("exclusiveMaximum"));
      (out ? rules.exclusive_maximum : rules.maximum) = number(value, name);
    } else if (name == "exclusiveMinimum") {
      if (value.kind != JsonKind::boolean) rules.exclusive_minimum = number(value, name);
    } else if (name == "exclusiveMaximum") {
      if (value.kind != JsonKind::boolean) rules.exclusive_maximum = number(value, name);
    } else if (name == "multipleOf") {
      rules.multiple_of = number(value, name);
      if (!rules.multiple_of->fits_divisor())
        wrong(name, "expected a number above 0, of 18 digits at most");
    } else if (name == "minLength") {
      rules.min_length = count(value, name);
    } else if (name == "maxLength") {
      rules.max_length = count(value, name);
    } else if (name == "pattern") {
      if (!value.is_string()) wrong(name, "expected text");
      rules.pattern = pattern(value.text, name);
    } else {
      return false;
    }
    return true;
  }

  bool read_array_keyword(const std::string& name, const JsonTree& value, const JsonTree& schema,
                          JsonRules& rules) {
    if (name == "items") {
      if (value.kind != JsonKind::array) {
        rules.items = add(value, name);
      } else {
        if (!value.items.empty()) rules.tuple = add_all(value, name);
        if (const JsonTree* const more = schema.find("additionalItems"))
          rules.items = add(*more, "additionalItems");
      }
    } else if (name == "contains") {
      rules.contains = add(value, name);
    } else if (name == "minItems") {
      rules.min_items = count(value, name);
    } else if (name == "maxItems") {
      rules.max_items = count(value, name);
    } else if (name == "uniqueItems") {
      rules.unique_items = truth(value, name);
    } else {
      return false;
    }
    return true;
  }

  bool read_object_keyword(const std::string& name, const JsonTree& value, JsonRules& rules) {
    if (name == "properties") {
      object(value, name);
      for (std::size_t i = 0; i < value.items.size(); ++i)
        rules.properties.insert_or_assign(value.names[i], add(value.items[i], name));
    } else if (name == "patternProperties") {
      object(value, name);
      rules.pattern_properties.clear();
      for (std::size_t i = 0; i < value.items.size(); ++i)
        rules.pattern_properties.emplace_back(pattern(value.names[i], name),
                                              add(value.items[i], name));
    } else if (name == "additionalProperties") {
      rules.additional_properties = add(value, name);
    } else if (name == "propertyNames") {
      rules.property_names = add(value, name);
    } else if (name == "required") {
      rules.required = texts(value, name);
    } else if (name == "minProperties") {
      rules.min_properties = count(value, name);
    } else if (name == "maxProperties") {
      rules.max_properties = count(value, name);
    } else if (name == "dependencies") {
      object(value, name);
      rules.dependent_names.clear();
      rules.dependent_schemas.clear();
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (value.items[i].kind == JsonKind::array) {
          rules.dependent_names.emplace_back(value.names[i], texts(value.items[i], name));
        } else {
          rules.dependent_schemas.emplace_back(value.names[i], add(value.items[i], name));
        }
      }
    } else {
      return false;
    }
    return true;
  }

  bool read_applied_keyword(const std::string& name, const JsonTree& value, const JsonTree& schema,
                            JsonRules& rules) {
    if (name == "allOf") {
      rules.all_of = add_all(value, name);
    } else if (name == "anyOf") {
      rules.any_of = add_all(value, name);
    } else if (name == "oneOf") {
      rules.one_of = add_all(value, name);
    } else if (name == "not") {
      rules.negated = add(value, name);
    } else if (name == "if") {
      rules.condition = add(value, name);
      if (const JsonTree* const then = schema.find("then")) rules.consequence = add(*then, "then");
      if (const JsonTree* const other = schema.find("else"))
        rules.alternative = add(*other, "else");
    } else {
      return false;
    }
    return true;
  }

  const JsonDocuments& documents_;
  bool draft_is_said_ = false;
  std::string base_;  ///< of the schema that is being read
  std::vector<JsonRules> rules_;
  std::vector<JsonDocuments::Place> places_;  ///< of the rules of the same number
  std::map<const JsonTree*, std::size_t> numbers_;
  std::map<std::string, std::shared_ptr<const JsonPattern>> patterns_;
};

}  // namespace

std::vector<JsonRules> read_json_rules(const JsonDocuments& documents) {
  return RulesReader(documents).read();
}

}  // namespace kpipe
