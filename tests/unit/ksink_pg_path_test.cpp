// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-pg/json_path.hpp"

namespace kpipe {
namespace {

/// The raw text at a place of this JSON, "-" when there is none.
std::string at(const std::string& path, std::string_view json) {
  OutBuffer text;
  text.append(json);
  JsonReader reader;
  std::vector<JsonText> one;
  OutBuffer list;
  list.append("[" + std::string(json) + "]");
  EXPECT_TRUE(reader.array(list.view(), one));
  const auto parsed = parse_json_path(path);
  if (!parsed) return "malformed";
  JsonWalker walker;
  const auto found = walker.find(*parsed, one.at(0));
  return found ? std::string(found->raw) : "-";
}

TEST(KsinkPgPath, members_and_elements) {
  const char* const json = R"({"a":{"b c":[1,{"d":"x"}],"":2},"a.b":3,"q\"":4,"n":null})";
  EXPECT_EQ(at("value", "[1,2]"), "[1,2]");
  EXPECT_EQ(at(R"(value.a."b c"[1].d)", json), R"("x")");
  EXPECT_EQ(at(R"(value.a."b c"[0])", json), "1");
  EXPECT_EQ(at(R"(value."a.b")", json), "3");
  EXPECT_EQ(at("value.\"q\"\"\"", json), "4");
  EXPECT_EQ(at("value.n", json), "null");
  EXPECT_EQ(at("value.A", json), "-") << "names stand as they are";
  EXPECT_EQ(at("value[0][1]", "[[1,2]]"), "2");
}

TEST(KsinkPgPath, what_is_not_there) {
  EXPECT_EQ(at("value.a.b", R"({"a":5})"), "-");
  EXPECT_EQ(at("value[2]", "[1,2]"), "-");
  EXPECT_EQ(at("value[0]", R"({"0":1})"), "-");
  EXPECT_EQ(at("value.a", "7"), "-");
}

TEST(KsinkPgPath, of_a_repeated_name_the_last_counts) {
  EXPECT_EQ(at("value.a.b", R"({"a":{"b":1},"a":{"b":2,"b":3}})"), "3");
}

TEST(KsinkPgPath, malformed_ones) {
  for (const char* const wrong :
       {"", "a", "values.a", "value.", "value..a", "value[", "value[x]", "value[-1]", "value.a b",
        "value.a,", "value.\"a", "value a", ".value", "value.\"\""})
    EXPECT_FALSE(parse_json_path(wrong)) << wrong;
  EXPECT_EQ(parse_json_path("key.id")->root, JsonPath::Root::key);
}

}  // namespace
}  // namespace kpipe
