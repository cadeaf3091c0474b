// SPDX-License-Identifier: Apache-2.0
// The JSON Schema Test Suite of json-schema.org, as Debian has it: every case of drafts 4, 6 and 7
// that is not optional and not named here.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <stdexcept>

#include "common/base/fd.hpp"
#include "common/schema/json_schema.hpp"

namespace kpipe {
namespace {

const std::filesystem::path kSuite = "/usr/share/json-schema-test-suite";

/// Groups that kpipe refuses to read, with the reason.
const std::set<std::string> kRefused{
    // The schema of all schemas is nowhere registered, and nothing is fetched.
    "remote ref, containing refs itself",
    "validate definition against metaschema",
    "valid definition",
    "invalid definition",
};

/// What the suite's server would give, as schemas that are registered as references.
std::vector<ReferencedSchema> remotes() {
  std::vector<ReferencedSchema> all;
  const std::filesystem::path folder = kSuite / "remotes";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    all.push_back({"http://localhost:1234/" + name, read_file(entry.path().string())});
  }
  return all;
}

/// Writes a tree as JSON again.
void append_json(std::string& out, const JsonTree& tree) {
  const auto quoted = [&](const std::string& text) {
    out += '"';
    for (const char c : text) {
      constexpr std::string_view digits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || c == '"' || c == '\\') {
        out += std::string("\\u00") + digits[byte >> 4] + digits[byte & 15];
      } else {
        out += c;
      }
    }
    out += '"';
  };
  const char* between = "";
  switch (tree.kind) {
    case JsonKind::string:
      quoted(tree.text);
      break;
    case JsonKind::array:
      out += '[';
      for (const JsonTree& item : tree.items) {
        out += std::exchange(between, ",");
        append_json(out, item);
      }
      out += ']';
      break;
    case JsonKind::object:
      out += '{';
      for (std::size_t i = 0; i < tree.items.size(); ++i) {
        out += std::exchange(between, ",");
        quoted(tree.names[i]);
        out += ':';
        append_json(out, tree.items[i]);
      }
      out += '}';
      break;
    default:
      out += tree.text;
  }
}

/// The schema as text, said to be of the draft unless it says so itself.
std::string text_of(const JsonTree& schema, const std::string& draft) {
  std::string text;
  append_json(text, schema);
  if (schema.kind != JsonKind::object || schema.find("$schema") != nullptr) return text;
  const std::string said = R"({"$schema":"http://json-schema.org/)" + draft + R"(/schema#")";
  return said + (text == "{}" ? "}" : "," + text.substr(1));
}

struct Count {
  int right = 0;
  int refused = 0;
};

void run_group(const JsonTree& group, const std::string& draft, const std::string& file,
               const std::vector<ReferencedSchema>& references, Count& count) {
  const std::string name = group.find("description")->text;
  std::unique_ptr<JsonSchema> schema;
  try {
    schema = std::make_unique<JsonSchema>(text_of(*group.find("schema"), draft), references);
  } catch (const std::invalid_argument& error) {
    EXPECT_TRUE(kRefused.contains(name))
        << draft << " " << file << ": " << name << ": " << error.what();
    ++count.refused;
    return;
  }
  EXPECT_FALSE(kRefused.contains(name)) << name;
  for (const JsonTree& test : group.find("tests")->items) {
    const std::string fault = schema->check(*test.find("data"));
    EXPECT_EQ(fault.empty(), test.find("valid")->text == "true")
        << draft << " " << file << ": " << name << ": " << test.find("description")->text << ": "
        << fault;
    ++count.right;
  }
}

class JsonSchemaSuite : public testing::TestWithParam<const char*> {};

TEST_P(JsonSchemaSuite, says_what_is_valid) {
  const std::string draft = GetParam();
  const auto references = remotes();
  Count count;
  std::string folder = draft;
  std::erase(folder, '-');
  folder.erase(folder.find('0'), 1);
  for (const auto& entry : std::filesystem::directory_iterator(kSuite / "tests" / folder)) {
    if (entry.path().extension() != ".json") continue;
    const JsonTree groups = parse_json_tree(read_file(entry.path().string()), 100);
    for (const JsonTree& group : groups.items)
      run_group(group, draft, entry.path().filename().string(), references, count);
  }
  EXPECT_GT(count.right, 300);
  EXPECT_LE(count.refused, 4);
}

INSTANTIATE_TEST_SUITE_P(Drafts, JsonSchemaSuite,
                         testing::Values("draft-04", "draft-06", "draft-07"));

}  // namespace
}  // namespace kpipe
