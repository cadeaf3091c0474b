// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/wire/json_text.hpp"
#include "tests/unit/ksink_pg_records.hpp"
#include "tools/ksink-pg/cell_writer.hpp"
#include "tools/ksink-pg/copy_text.hpp"

namespace kpipe {
namespace {

using ksink_pg_test::read_copy_field;
using ksink_pg_test::Records;

struct Written {
  CellProblem problem;
  std::string field;
};

Written write(const std::string& json, ColumnKind kind) {
  const Records records({json});
  EXPECT_EQ(records.problem(), "") << json;
  OutBuffer out;
  CellWriter writer;
  const CellProblem problem = writer.write(out, records.record(0).value, kind);
  return {problem, std::string(out.view())};
}

std::string field(const std::string& json, ColumnKind kind = ColumnKind::plain) {
  const Written written = write(json, kind);
  EXPECT_EQ(written.problem, CellProblem::none) << json;
  return written.field;
}

TEST(KsinkPgCopyText, every_byte_survives) {
  for (int c = 0; c < 256; ++c) {
    for (const std::string& text :
         {std::string(1, static_cast<char>(c)), "a" + std::string(1, static_cast<char>(c)) + "b"}) {
      OutBuffer out;
      append_copy_text(out, text);
      EXPECT_EQ(read_copy_field(out.view()), text) << c;
      EXPECT_EQ(out.view().find_first_of("\t\n\r"), std::string_view::npos) << c;
    }
  }
}

TEST(KsinkPgCopyText, every_character_of_a_json_string_survives) {
  for (unsigned c = 1; c < 0x80; ++c) {
    const std::string text = "x" + std::string(1, static_cast<char>(c)) + "y";
    OutBuffer json;
    append_json_string(json, text);
    const std::string copied = field(std::string(json.view()));
    EXPECT_EQ(read_copy_field(copied), text) << c;
    EXPECT_EQ(copied.find_first_of("\t\n\r"), std::string::npos) << c;
  }
  EXPECT_EQ(field(R"("\u00e9\ud83d\ude00\/")"), "é😀/");
  EXPECT_EQ(field(R"("\\N")"), "\\\\N");  // the text \N is not NULL
  EXPECT_EQ(field(R"("\\.")"), "\\\\.");  // nor the end of the data
  EXPECT_EQ(field(R"("")"), "");
}

TEST(KsinkPgCopyText, what_postgresql_cannot_hold_is_refused) {
  EXPECT_EQ(write(R"("a\u0000b")", ColumnKind::plain).problem, CellProblem::nul);
  EXPECT_EQ(write(R"("\ud800")", ColumnKind::plain).problem, CellProblem::surrogate);
  EXPECT_EQ(write(R"(["a\u0000"])", ColumnKind::array).problem, CellProblem::nul);
  EXPECT_EQ(write(R"({"base64":"!"})", ColumnKind::bytea).problem, CellProblem::not_base64);
}

TEST(KsinkPgCopyText, scalars_keep_their_text) {
  EXPECT_EQ(field("123456789012345678901234567890.10"), "123456789012345678901234567890.10");
  EXPECT_EQ(field("-0"), "-0");
  EXPECT_EQ(field("1e400"), "1e400");
  EXPECT_EQ(field("true"), "true");
  for (const ColumnKind kind :
       {ColumnKind::plain, ColumnKind::json, ColumnKind::bytea, ColumnKind::array}) {
    EXPECT_EQ(field("null", kind), "\\N");
  }
}

TEST(KsinkPgCopyText, json_columns_keep_the_value_as_it_stands) {
  const std::string json = R"({"a" : "x\ny\\z\u0001", "b":[1.0,	2]})";
  EXPECT_EQ(read_copy_field(field(json, ColumnKind::json)), json);
  EXPECT_EQ(field(json, ColumnKind::json).find_first_of("\t\n"), std::string::npos);
  EXPECT_EQ(field(R"("text")", ColumnKind::json), R"("text")");
  EXPECT_EQ(read_copy_field(field(json, ColumnKind::plain)), json);
}

TEST(KsinkPgCopyText, base64_becomes_bytes) {
  EXPECT_EQ(field(R"({"base64":"AP+A"})", ColumnKind::bytea), "\\\\x00ff80");
  EXPECT_EQ(field(R"({"base64":""})", ColumnKind::bytea), "\\\\x");
  EXPECT_EQ(field(R"("\\x00ff")", ColumnKind::bytea), "\\\\x00ff");  // bytea's own notation
  EXPECT_EQ(field(R"({"base64":"AP+A"})", ColumnKind::json), R"({"base64":"AP+A"})");
}

TEST(KsinkPgCopyText, whole_numbers_are_milliseconds_in_instants) {
  EXPECT_EQ(field("0", ColumnKind::instant), "1970-01-01 00:00:00.000+00");
  EXPECT_EQ(field("1795246448656", ColumnKind::instant), "2026-11-21 07:34:08.656+00");
  EXPECT_EQ(field("-1", ColumnKind::instant), "1969-12-31 23:59:59.999+00");
  EXPECT_EQ(field("253402300799999", ColumnKind::instant), "9999-12-31 23:59:59.999+00");
  EXPECT_EQ(field("253402300800000", ColumnKind::instant), "253402300800000");
  EXPECT_EQ(field("1.5", ColumnKind::instant), "1.5");
  EXPECT_EQ(field(R"("2026-11-01T00:00:00Z")", ColumnKind::instant), "2026-11-01T00:00:00Z");
}

TEST(KsinkPgCopyText, arrays_take_postgresqls_notation) {
  EXPECT_EQ(field("[]", ColumnKind::array), "{}");
  EXPECT_EQ(field("[1,null,true]", ColumnKind::array), R"({"1",NULL,"true"})");
  EXPECT_EQ(read_copy_field(field(R"(["a\"b","c\\d","NULL",""])", ColumnKind::array)),
            R"({"a\"b","c\\d","NULL",""})");
  EXPECT_EQ(field("[[1,2],[3,4]]", ColumnKind::array), R"({{"1","2"},{"3","4"}})");
  EXPECT_EQ(read_copy_field(field(R"([{"a":"b"},["c"]])", ColumnKind::json_array)),
            R"({"{\"a\":\"b\"}","[\"c\"]"})");
  EXPECT_EQ(field(R"("{1,2}")", ColumnKind::array), "{1,2}");
  EXPECT_EQ(write("[[[[[[[1]]]]]]]", ColumnKind::array).problem, CellProblem::too_deep);
}

}  // namespace
}  // namespace kpipe
