// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_schema.hpp"

#include <algorithm>
#include <stdexcept>

namespace kpipe {
namespace {

/// Values against schemas: a schema that refers to itself in several places can demand any number,
/// for a value that is made for it. About a second.
constexpr std::size_t kMostSteps = 5'000'000;
/// Schemas that refer to each other without going into the value.
constexpr std::size_t kMostDepth = 2'000;
constexpr std::size_t kMostShown = 100;  ///< bytes of a name or pattern in a message

std::string shown(const std::string& text) {
  return text.size() <= kMostShown ? text : text.substr(0, kMostShown) + "...";
}

/// A text that two values have in common exactly when JSON Schema takes them for equal: the order
/// of members and how a number is written do not count.
void append_canonical(std::string& out, const JsonTree& value) {
  const auto counted = [&](const std::string& text) {
    out += std::to_string(text.size()) + ":" + text;
  };
  switch (value.kind) {
    case JsonKind::number:
      JsonNumber(value.text).append_canonical(out);
      break;
    case JsonKind::string:
      out += '"';
      counted(value.text);
      break;
    case JsonKind::array:
      out += '[';
      for (const JsonTree& item : value.items) append_canonical(out, item);
      out += ']';
      break;
    case JsonKind::object: {
      std::map<std::string_view, const JsonTree*> members;
      for (std::size_t i = 0; i < value.items.size(); ++i)
        members.insert_or_assign(value.names[i], &value.items[i]);
      out += '{';
      for (const auto& [name, item] : members) {
        counted(std::string(name));
        append_canonical(out, *item);
      }
      out += '}';
      break;
    }
    default:
      out += value.text;
  }
  out += ' ';
}

std::string canonical(const JsonTree& value) {
  std::string text;
  append_canonical(text, value);
  return text;
}

std::uint8_t types_of(const JsonTree& value) {
  switch (value.kind) {
    case JsonKind::null:
      return JsonRules::null_type;
    case JsonKind::boolean:
      return JsonRules::boolean_type;
    case JsonKind::string:
      return JsonRules::string_type;
    case JsonKind::array:
      return JsonRules::array_type;
    case JsonKind::object:
      return JsonRules::object_type;
    case JsonKind::number:
      break;
  }
  const bool whole = JsonNumber(value.text).is_integer();
  return JsonRules::number_type | (whole ? JsonRules::integer_type : 0);
}

std::string names_of(std::uint8_t types) {
  static constexpr std::pair<std::uint8_t, const char*> names[] = {
      {JsonRules::null_type, "null"},       {JsonRules::boolean_type, "boolean"},
      {JsonRules::integer_type, "integer"}, {JsonRules::number_type, "number"},
      {JsonRules::string_type, "string"},   {JsonRules::array_type, "array"},
      {JsonRules::object_type, "object"}};
  std::string list;
  for (const auto& [bit, name] : names)
    if ((types & bit) != 0) list += (list.empty() ? "" : " or ") + std::string(name);
  return list;
}

/// One value against one schema.
class Check {
 public:
  explicit Check(const std::vector<JsonRules>& rules) : rules_(rules) {}

  std::string run(const JsonTree& value) {
    try {
      return holds(0, value) ? std::string() : reason_;
    } catch (const std::length_error& error) {
      return error.what();
    }
  }

 private:
  /// A way into the value, from the innermost step outwards.
  struct Step {
    const Step* outer;
    const std::string* name;  ///< null: `index` counts
    std::size_t index;
  };

  bool fails(const std::string& what) {
    if (silent_ > 0) return false;
    std::vector<std::string> steps;
    for (const Step* step = here_; step != nullptr; step = step->outer) {
      std::string text;
      if (step->name == nullptr) text = std::to_string(step->index);
      for (const char c : step->name == nullptr ? std::string() : shown(*step->name))
        text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      steps.push_back("/" + text);
    }
    reason_.clear();
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) reason_ += *step;
    reason_ += (reason_.empty() ? "" : ": ") + what;
    return false;
  }

  bool within(std::size_t rule, const JsonTree& value, const Step& step) {
    here_ = &step;
    const bool ok = holds(rule, value);
    here_ = step.outer;
    return ok;
  }

  /// The same without a reason.
  bool silently(std::size_t rule, const JsonTree& value) {
    ++silent_;
    const bool ok = holds(rule, value);
    --silent_;
    return ok;
  }

  bool holds(std::size_t rule, const JsonTree& value) {
    if (++steps_ > kMostSteps)
      throw std::length_error("takes more than " + std::to_string(kMostSteps) +
                              " steps to check, as its schema refers to itself");
    if (++depth_ > kMostDepth)
      throw std::length_error("cannot be checked: its schema refers to itself without end");
    const bool ok = holds_all(rules_[rule], value);
    --depth_;
    return ok;
  }

  bool holds_all(const JsonRules& rules, const JsonTree& value) {
    if (rules.never) return fails("must not be there: its schema is false");
    if (rules.reference != JsonRules::kNone) return holds(rules.reference, value);
    return has_type(rules, value) && is_named(rules, value) && is_sized(rules, value) &&
           has_items(rules, value) && has_members(rules, value) && applies(rules, value);
  }

  bool has_type(const JsonRules& rules, const JsonTree& value) {
    if (rules.types == 0 || (rules.types & types_of(value)) != 0) return true;
    return fails("is not of type " + names_of(rules.types));
  }

  bool is_named(const JsonRules& rules, const JsonTree& value) {
    if (rules.enumeration == nullptr && rules.constant == nullptr) return true;
    const std::string text = canonical(value);
    if (rules.constant != nullptr && canonical(*rules.constant) != text)
      return fails("is not what const says");
    if (rules.enumeration == nullptr) return true;
    const auto& list = rules.enumeration->items;
    const bool known = std::any_of(list.begin(), list.end(),
                                   [&](const JsonTree& one) { return canonical(one) == text; });
    return known || fails("is none of enum");
  }

  bool is_sized(const JsonRules& rules, const JsonTree& value) {
    if (value.kind == JsonKind::number) return is_in_range(rules, JsonNumber(value.text));
    if (value.kind != JsonKind::string) return true;
    if (rules.min_length || rules.max_length) {
      const std::size_t length = utf8_length(value.text);
      if (rules.min_length && length < *rules.min_length)
        return fails("is shorter than minLength allows");
      if (rules.max_length && length > *rules.max_length)
        return fails("is longer than maxLength allows");
    }
    return !rules.pattern || matches(*rules.pattern, value.text) ||
           fails("does not match pattern " + shown(rules.pattern->text()));
  }

  bool matches(const JsonPattern& pattern, const std::string& text) {
    if (utf8_length(text) > pattern.longest())
      throw std::length_error("has a text that is too long to be held against pattern " +
                              shown(pattern.text()));
    // Patterns are what takes longest.
    steps_ += text.size() / 16;
    return pattern.found_in(text);
  }

  bool is_in_range(const JsonRules& rules, const JsonNumber& number) {
    if (rules.minimum && number < *rules.minimum) return fails("is less than minimum allows");
    if (rules.maximum && number > *rules.maximum) return fails("is more than maximum allows");
    if (rules.exclusive_minimum && number <= *rules.exclusive_minimum)
      return fails("is not more than exclusiveMinimum");
    if (rules.exclusive_maximum && number >= *rules.exclusive_maximum)
      return fails("is not less than exclusiveMaximum");
    if (rules.multiple_of && !number.is_multiple_of(*rules.multiple_of))
      return fails("is no multiple of multipleOf");
    return true;
  }

  bool has_items(const JsonRules& rules, const JsonTree& value) {
    if (value.kind != JsonKind::array) return true;
    const std::size_t count = value.items.size();
    if (rules.min_items && count < *rules.min_items) return fails("has fewer items than minItems");
    if (rules.max_items && count > *rules.max_items) return fails("has more items than maxItems");
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t rule = i < rules.tuple.size() ? rules.tuple[i] : rules.items;
      if (rule != JsonRules::kNone && !within(rule, value.items[i], {here_, nullptr, i}))
        return false;
    }
    if (rules.contains != JsonRules::kNone &&
        std::none_of(value.items.begin(), value.items.end(),
                     [&](const JsonTree& one) { return silently(rules.contains, one); }))
      return fails("has no item that contains asks for");
    return !rules.unique_items || are_unique(value) ||
           fails("has two equal items, and uniqueItems forbids it");
  }

  static bool are_unique(const JsonTree& array) {
    std::vector<std::string> texts;
    for (const JsonTree& item : array.items) texts.push_back(canonical(item));
    std::sort(texts.begin(), texts.end());
    return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
  }

  bool has_members(const JsonRules& rules, const JsonTree& value) {
    if (value.kind != JsonKind::object) return true;
    const std::size_t count = value.items.size();
    if (rules.min_properties && count < *rules.min_properties)
      return fails("has fewer members than minProperties");
    if (rules.max_properties && count > *rules.max_properties)
      return fails("has more members than maxProperties");
    for (const std::string& name : rules.required)
      if (value.find(name) == nullptr)
        return fails("lacks '" + shown(name) + "', which is required");
    for (const auto& [name, needs] : rules.dependent_names) {
      if (value.find(name) == nullptr) continue;
      for (const std::string& needed : needs)
        if (value.find(needed) == nullptr)
          return fails("has '" + shown(name) + "' and lacks '" + shown(needed) +
                       "', which dependencies demand");
    }
    for (const auto& [name, rule] : rules.dependent_schemas)
      if (value.find(name) != nullptr && !holds(rule, value)) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (!has_member(rules, value.names[i], value.items[i])) return false;
    return true;
  }

  bool has_member(const JsonRules& rules, const std::string& name, const JsonTree& value) {
    const Step step{here_, &name, 0};
    if (rules.property_names != JsonRules::kNone) {
      JsonTree text;
      text.kind = JsonKind::string;
      text.text = name;
      if (!silently(rules.property_names, text))
        return fails("has the member '" + shown(name) + "', a name that propertyNames forbids");
    }
    bool known = false;
    if (const auto found = rules.properties.find(name); found != rules.properties.end()) {
      known = true;
      if (!within(found->second, value, step)) return false;
    }
    for (const auto& [pattern, rule] : rules.pattern_properties) {
      if (!matches(*pattern, name)) continue;
      known = true;
      if (!within(rule, value, step)) return false;
    }
    if (known || rules.additional_properties == JsonRules::kNone) return true;
    if (rules_[rules.additional_properties].never)
      return fails("has the member '" + shown(name) + "', which additionalProperties forbids");
    return within(rules.additional_properties, value, step);
  }

  bool applies(const JsonRules& rules, const JsonTree& value) {
    for (const std::size_t rule : rules.all_of)
      if (!holds(rule, value)) return false;
    const auto holds_one = [&](std::size_t rule) { return silently(rule, value); };
    if (!rules.any_of.empty() && std::none_of(rules.any_of.begin(), rules.any_of.end(), holds_one))
      return fails("satisfies none of anyOf");
    if (!rules.one_of.empty()) {
      const auto count = std::count_if(rules.one_of.begin(), rules.one_of.end(), holds_one);
      if (count == 0) return fails("satisfies none of oneOf");
      if (count > 1) return fails("satisfies " + std::to_string(count) + " of oneOf");
    }
    if (rules.negated != JsonRules::kNone && silently(rules.negated, value))
      return fails("satisfies what not forbids");
    if (rules.condition == JsonRules::kNone) return true;
    const std::size_t then =
        silently(rules.condition, value) ? rules.consequence : rules.alternative;
    return then == JsonRules::kNone || holds(then, value);
  }

  const std::vector<JsonRules>& rules_;
  const Step* here_ = nullptr;
  int silent_ = 0;  ///< within something that may fail
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::string reason_;
};

}  // namespace

JsonSchema::JsonSchema(std::string_view schema, const std::vector<ReferencedSchema>& references)
    : documents_(schema, references), rules_(read_json_rules(documents_)) {}

std::string JsonSchema::check(const JsonTree& value) const {
  return Check(rules_).run(value);
}

}  // namespace kpipe
