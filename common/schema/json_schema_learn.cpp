// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_schema_learn.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <map>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/schema/json_number.hpp"
#include "common/schema/json_rules.hpp"
#include "common/schema/json_tree.hpp"
#include "common/wire/json_check.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

/// An object with more names than this has names that are data, such as ids.
constexpr std::size_t kMostNames = 1'000;
/// Places in all, so that no values, however made, take up the memory.
constexpr std::size_t kMostPlaces = 20'000;
constexpr std::size_t kMostDepth = 40;  ///< what lies deeper may be anything

std::string json_string(std::string_view text) {
  OutBuffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

}  // namespace

/// What values at one place look like.
struct JsonSchemaLearner::Shape {
  struct Member {
    std::unique_ptr<Shape> shape{};
    std::uint64_t objects = 0;  ///< that have it
    std::uint64_t last = 0;     ///< the number of the last of them: it may have it twice
  };

  std::uint8_t types = 0;     ///< of JsonRules::Type
  std::uint64_t objects = 0;  ///< how many of the values were objects
  std::map<std::string, Member> members;
  bool any_members = false;  ///< there are too many to be told apart
  bool any_items = false;    ///< the same of arrays
  std::unique_ptr<Shape> items;
  std::size_t* places = nullptr;  ///< of the whole
  std::size_t count = 0;          ///< of the root: places

  std::unique_ptr<Shape> inner() {
    ++*places;
    auto shape = std::make_unique<Shape>();
    shape->places = places;
    return shape;
  }

  void add(const JsonTree& value, std::size_t depth) {
    switch (value.kind) {
      case JsonKind::null:
        types |= JsonRules::null_type;
        break;
      case JsonKind::boolean:
        types |= JsonRules::boolean_type;
        break;
      case JsonKind::string:
        types |= JsonRules::string_type;
        break;
      case JsonKind::number: {
        const bool whole = JsonNumber(value.text).is_integer();
        types |= whole ? JsonRules::integer_type : JsonRules::number_type;
        break;
      }
      case JsonKind::array:
        types |= JsonRules::array_type;
        add_items(value, depth);
        break;
      case JsonKind::object:
        types |= JsonRules::object_type;
        add_members(value, depth);
        break;
    }
  }

  void add_items(const JsonTree& array, std::size_t depth) {
    if (array.items.empty() || any_items) return;
    any_items = depth >= kMostDepth || (!items && *places >= kMostPlaces);
    if (any_items) return;
    if (!items) items = inner();
    for (const JsonTree& item : array.items) items->add(item, depth + 1);
  }

  void add_members(const JsonTree& object, std::size_t depth) {
    ++objects;
    if (any_members) return;
    any_members = depth >= kMostDepth;
    for (std::size_t i = 0; i < object.items.size() && !any_members; ++i) {
      const auto [found, added] = members.try_emplace(object.names[i]);
      any_members = added && (members.size() > kMostNames || *places >= kMostPlaces);
      if (any_members) break;
      Member& member = found->second;
      if (added) member.shape = inner();
      if (std::exchange(member.last, objects) != objects) ++member.objects;
      member.shape->add(object.items[i], depth + 1);
    }
    if (any_members) members.clear();
  }

  static void field(std::string& out, std::string& between, std::size_t indent,
                    const std::string& name) {
    out += between + "\n" + std::string(indent, ' ') + json_string(name) + ": ";
    between = ",";
  }

  std::string type_names() const {
    static constexpr std::array<std::pair<std::uint8_t, const char*>, 7> names{
        {{JsonRules::null_type, "null"},
         {JsonRules::boolean_type, "boolean"},
         {JsonRules::integer_type, "integer"},
         {JsonRules::number_type, "number"},
         {JsonRules::string_type, "string"},
         {JsonRules::array_type, "array"},
         {JsonRules::object_type, "object"}}};
    // A number may be whole by chance.
    const bool fractions = (types & JsonRules::number_type) != 0;
    std::string list;
    std::size_t count_of_names = 0;
    for (const auto& [bit, name] : names) {
      if ((types & bit) == 0 || (fractions && bit == JsonRules::integer_type)) continue;
      list += (list.empty() ? "" : ", ") + json_string(name);
      ++count_of_names;
    }
    return count_of_names == 1 ? list : "[" + list + "]";
  }

  void write(std::string& out, std::size_t indent, std::string between = {}) const {
    if (between.empty()) out += '{';
    const std::size_t inside = indent + 2;
    if (types != 0) {
      field(out, between, inside, "type");
      out += type_names();
    }
    if (items) {
      field(out, between, inside, "items");
      items->write(out, inside);
    }
    if (!members.empty()) {
      field(out, between, inside, "properties");
      out += '{';
      std::string member_between;
      std::string required;
      for (const auto& [name, member] : members) {
        field(out, member_between, inside + 2, name);
        member.shape->write(out, inside + 2);
        if (member.objects == objects)
          required += (required.empty() ? "" : ", ") + json_string(name);
      }
      out += "\n" + std::string(inside, ' ') + "}";
      if (!required.empty()) {
        field(out, between, inside, "required");
        out += "[" + required + "]";
      }
    }
    out += between.empty() ? "}" : "\n" + std::string(indent, ' ') + "}";
  }
};

JsonSchemaLearner::JsonSchemaLearner() : root_(std::make_unique<Shape>()) {
  root_->places = &root_->count;
}

JsonSchemaLearner::~JsonSchemaLearner() = default;

void JsonSchemaLearner::add(std::string_view json) {
  root_->add(parse_json_tree(json, JsonChecker::kMaxDepth), 0);
}

std::string JsonSchemaLearner::schema() const {
  std::string out = "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\"";
  root_->write(out, 0, ",");
  return out + "\n";
}

void JsonSchemaLearner::save(const std::string& path) const {
  std::string draft = path + ".XXXXXX";
  UniqueFd fd(::mkostemp(draft.data(), O_CLOEXEC));
  if (!fd) throw system_error("--json-schema: " + path, errno);
  constexpr mode_t kReadable = 0644;
  int failure = write_all(fd.get(), schema());
  if (failure == 0 && (::fchmod(fd.get(), kReadable) != 0 || ::fsync(fd.get()) != 0))
    failure = errno;
  if (failure == 0 && ::rename(draft.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return;
  ::unlink(draft.c_str());
  throw system_error("--json-schema: " + path, failure);
}

}  // namespace kpipe
