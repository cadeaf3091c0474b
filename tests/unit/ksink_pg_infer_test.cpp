// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/base/error.hpp"
#include "tests/unit/ksink_pg_records.hpp"
#include "tools/ksink-pg/infer.hpp"

namespace kpipe {
namespace {

/// "a bigint, b text"
std::string inferred(const std::vector<std::string>& values) {
  const ksink_pg_test::Records records(values);
  EXPECT_EQ(records.problem(), "");
  std::string text;
  for (const ColumnDefinition& column : infer_columns(records.batch())) {
    text += (text.empty() ? "" : ", ") + column.name + " " + column.type;
  }
  return text;
}

/// The type of field a in records where it has these values; z keeps the table from being one
/// jsonb.
std::string type_of(const std::vector<std::string>& values) {
  std::vector<std::string> records;
  for (const std::string& value : values) records.push_back(R"({"z":1,"a":)" + value + "}");
  const std::string columns = inferred(records);
  EXPECT_TRUE(columns.starts_with("z bigint, a ")) << columns;
  return columns.substr(12);
}

TEST(KsinkPgInfer, scalars) {
  EXPECT_EQ(type_of({"1", "null", "-9223372036854775808"}), "bigint");
  EXPECT_EQ(type_of({"1", "9223372036854775808"}), "numeric");
  EXPECT_EQ(type_of({"1", "1.5"}), "numeric");
  EXPECT_EQ(type_of({"1e3"}), "numeric");
  EXPECT_EQ(type_of({"true", "false", "null"}), "boolean");
  EXPECT_EQ(type_of({R"("x")", R"("1")"}), "text");
  EXPECT_EQ(type_of({"null", "null"}), "text");
}

TEST(KsinkPgInfer, instants_must_all_be_instants) {
  EXPECT_EQ(type_of({R"("2026-11-01T00:00:00Z")", "null", R"("2026-11-01T00:00:00.123456+02:00")"}),
            "timestamptz");
  EXPECT_EQ(type_of({R"("2026-11-01T00:00:00Z")", R"("soon")"}), "text");
  EXPECT_EQ(type_of({R"("soon")", R"("2026-11-01T00:00:00Z")"}), "text");
  EXPECT_EQ(type_of({R"("2026-11-01")"}), "text");
  EXPECT_EQ(type_of({R"("2026-11-01T00:00:00")"}), "text");
  EXPECT_EQ(type_of({R"("2026-13-01T00:00:00Z")"}), "text");
  EXPECT_EQ(type_of({R"("1795246448656")"}), "text");
  // More digits than timestamptz holds.
  EXPECT_EQ(type_of({R"("2026-11-01T00:00:00.1234567Z")"}), "text");
}

TEST(KsinkPgInfer, documents_and_mixtures_are_jsonb) {
  EXPECT_EQ(type_of({R"({"x":1})"}), "jsonb");
  EXPECT_EQ(type_of({"[1]"}), "jsonb");
  EXPECT_EQ(type_of({"1", R"("x")"}), "jsonb");
  EXPECT_EQ(type_of({"true", "1"}), "jsonb");
  EXPECT_EQ(type_of({R"({"base64":"AA=="})", "null"}), "bytea");
  EXPECT_EQ(type_of({R"({"base64":"AA=="})", R"("x")"}), "jsonb");
}

TEST(KsinkPgInfer, columns_in_order_of_appearance) {
  EXPECT_EQ(inferred({R"({"b":1,"a":"x"})", "null", R"({"c":true,"a":null,"b":2})"}),
            "b bigint, a text, c boolean");
  EXPECT_EQ(inferred({R"({"userId":1,"userid":2})"}), "userId bigint, userid bigint");
}

TEST(KsinkPgInfer, whole_values) {
  EXPECT_EQ(inferred({R"("a")", R"("2026-11-01T00:00:00Z")"}), "value text");
  EXPECT_EQ(inferred({R"({"base64":"AA=="})", R"("a")"}), "value bytea");
  EXPECT_EQ(inferred({R"("a")", "1"}), "value jsonb");
  EXPECT_EQ(inferred({R"({"a":1})", "[1]"}), "value jsonb");
  EXPECT_EQ(inferred({"[1]"}), "value jsonb");
  EXPECT_EQ(inferred({"{}"}), "value jsonb");
  EXPECT_EQ(inferred({R"({"doc":{"a":1}})"}), "value jsonb");
  EXPECT_EQ(inferred({R"({"line":"x"})"}), "line text");
}

TEST(KsinkPgInfer, names_that_postgresql_would_cut_are_refused) {
  const std::string name(64, 'n');
  const ksink_pg_test::Records records({"{\"" + name + "\":1}"});
  try {
    infer_columns(records.batch());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::data);
    EXPECT_NE(std::string(error.what()).find("t[0]@0"), std::string::npos) << error.what();
  }
  EXPECT_EQ(inferred({"{\"" + name.substr(1) + "\":1}"}), name.substr(1) + " bigint");
}

}  // namespace
}  // namespace kpipe
