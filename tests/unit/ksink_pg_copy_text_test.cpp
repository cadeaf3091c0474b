// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <tuple>

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

Written write(const std::string& json, ColumnKind kind, NulPolicy nul = NulPolicy::reject) {
  const Records records({json});
  EXPECT_EQ(records.problem(), "") << json;
  OutBuffer out;
  CellWriter writer(nul);
  const CellProblem problem = writer.write(out, records.record(0).value, kind);
  return {problem, std::string(out.view())};
}

std::string field(const std::string& json, ColumnKind kind = ColumnKind::plain,
                  NulPolicy nul = NulPolicy::reject) {
  const Written written = write(json, kind, nul);
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

TEST(KsinkPgCopyText, nul_is_refused_left_out_or_replaced_in_texts) {
  for (const auto& [json, kind, stripped, replaced] :
       {std::tuple{R"("a\u0000\\u0000b")", ColumnKind::plain, R"(a\\u0000b)", R"(a�\\u0000b)"},
        std::tuple{R"("\u0000\u0000")", ColumnKind::plain, "", "��"},
        std::tuple{R"(["\u0000x",["\t\u0000"]])", ColumnKind::array, R"({"x",{"\t"}})",
                   R"({"�x",{"\t�"}})"}}) {
    EXPECT_EQ(write(json, kind).problem, CellProblem::nul);
    EXPECT_EQ(field(json, kind, NulPolicy::strip), stripped);
    EXPECT_EQ(field(json, kind, NulPolicy::replace), replaced);
  }
}

TEST(KsinkPgCopyText, nul_is_refused_left_out_or_replaced_in_json) {
  for (const ColumnKind kind : {ColumnKind::json, ColumnKind::json_array}) {
    const auto read = [&](const std::string& json, NulPolicy nul) {
      if (kind == ColumnKind::json) return read_copy_field(field(json, kind, nul));
      std::string text = read_copy_field(field("[" + json + "]", kind, nul)).substr(2);
      text.resize(text.size() - 2);
      std::string plain;
      for (std::size_t i = 0; i < text.size(); ++i) plain += text[i] == '\\' ? text[++i] : text[i];
      return plain;
    };
    const std::string json = R"({"k\u0000" : ["\u0000\\u0000\\\u0000", 1.0],"b":"\\"})";
    EXPECT_EQ(write("[" + json + "]", kind).problem, CellProblem::nul);
    EXPECT_EQ(read(json, NulPolicy::strip), R"({"k" : ["\\u0000\\", 1.0],"b":"\\"})");
    EXPECT_EQ(read(json, NulPolicy::replace), R"({"k�" : ["�\\u0000\\�", 1.0],"b":"\\"})");
    for (const char* fine : {R"("\\u0000")", R"("\\\\u0000")", R"({"\\u0000":"\"\\"})",
                             R"("\u0001\u00010 \ud83d\ude00\uFFFF\ue000\ud7ff")"}) {
      for (const NulPolicy nul : {NulPolicy::reject, NulPolicy::strip, NulPolicy::replace}) {
        EXPECT_EQ(read(fine, nul), fine);
      }
    }
  }
}

TEST(KsinkPgCopyText, nul_in_json_is_found_wherever_it_stands) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      for (const char filling : {'x', '\\'}) {
        const std::string left(filling == '\\' ? 2 * before : before, filling);
        const std::string right(after, 'u');
        const std::string json = "\"" + left + "\\u0000" + right + "\"";
        EXPECT_EQ(write(json, ColumnKind::json).problem, CellProblem::nul) << json;
        EXPECT_EQ(read_copy_field(field(json, ColumnKind::json, NulPolicy::strip)),
                  "\"" + left + right + "\"");
      }
    }
  }
}

TEST(KsinkPgCopyText, half_a_surrogate_pair_is_refused_everywhere) {
  for (const char* half :
       {R"("\ud800")", R"("\udc00")", R"("a\uD800\\udc00")", R"("\ud800\ud800\udc00")",
        R"("\ud83d\u0000\ude00")", R"("\ude00\ud83d")", R"("\ud83d\n")"}) {
    const std::string json = half;
    for (const NulPolicy nul : {NulPolicy::reject, NulPolicy::strip}) {
      for (const ColumnKind kind : {ColumnKind::plain, ColumnKind::json, ColumnKind::bytea})
        EXPECT_EQ(write(json, kind, nul).problem, CellProblem::surrogate) << json;
      for (const ColumnKind kind :
           {ColumnKind::array, ColumnKind::json_array, ColumnKind::bytea_array})
        EXPECT_EQ(write("[" + json + "]", kind, nul).problem, CellProblem::surrogate) << json;
      EXPECT_EQ(write("{" + json + ":1}", ColumnKind::json, nul).problem, CellProblem::surrogate);
    }
  }
}

/// What the decoder of records lets pass, being no JSON, must not be read beyond its end.
TEST(KsinkPgCopyText, broken_escapes_are_left_to_postgresql) {
  for (const std::string text : {R"("\u")", R"("\u0")", R"("\u000")", R"("\ud8")", R"("\ud83d\u")",
                                 R"("\")", R"("\uzzzz")"}) {
    std::string_view json = text;
    std::string scratch;
    const CellProblem problem = hold_json(json, NulPolicy::strip, scratch);
    EXPECT_TRUE(problem == CellProblem::surrogate || json == text) << text;
  }
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

TEST(KsinkPgCopyText, other_values_of_bytea_are_their_utf8) {
  EXPECT_EQ(field(R"("a\\101\u0000é")", ColumnKind::bytea), "\\\\x615c31303100c3a9");
  EXPECT_EQ(field("1.0", ColumnKind::bytea), "\\\\x312e30");
  EXPECT_EQ(field(R"({"a":"\n"})", ColumnKind::bytea), "\\\\x7b2261223a225c6e227d");
  EXPECT_EQ(read_copy_field(
                field(R"([{"base64":"AP+A"},"\\xff","x\u0000",null])", ColumnKind::bytea_array)),
            R"({"\\x00ff80","\\xff","\\x7800",NULL})");
}

TEST(KsinkPgCopyText, whole_numbers_are_milliseconds_in_instants) {
  EXPECT_EQ(field("0", ColumnKind::instant), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(field("1795246448656", ColumnKind::instant), "2026-11-21T07:34:08.656Z");
  EXPECT_EQ(field("-1", ColumnKind::instant), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(field("253402300799999", ColumnKind::instant), "9999-12-31T23:59:59.999Z");
  for (const char* no_ms : {"253402300800000", "1.5", "2020.123", "1e3", "-99999999999999999999"})
    EXPECT_EQ(write(no_ms, ColumnKind::instant).problem, CellProblem::no_instant) << no_ms;
  EXPECT_EQ(write("123456", ColumnKind::time).problem, CellProblem::no_time);
  EXPECT_EQ(field(R"("12:34:56")", ColumnKind::time), "12:34:56");
  EXPECT_EQ(write("[1.5]", ColumnKind::instant_array).problem, CellProblem::no_instant);
  EXPECT_EQ(write("[[1]]", ColumnKind::time_array).problem, CellProblem::no_time);
  EXPECT_EQ(field(R"([0,"now"])", ColumnKind::instant_array),
            R"({"1970-01-01T00:00:00.000Z","now"})");
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
  EXPECT_EQ(write("{}", ColumnKind::array).problem, CellProblem::no_array);
}

TEST(KsinkPgCopyText, objects_become_hstores) {
  const std::string json = R"({"a":"1","b\"":null,"\u00e9\\":[1.0,"x"],"":true})";
  EXPECT_EQ(read_copy_field(field(json, ColumnKind::hstore)),
            R"("a"=>"1","b\""=>NULL,"é\\"=>"[1.0,\"x\"]",""=>"true")");
  EXPECT_EQ(field("{}", ColumnKind::hstore), "");
  EXPECT_EQ(field(R"("a=>1")", ColumnKind::hstore), "a=>1");
  EXPECT_EQ(write(R"({"a\u0000":1})", ColumnKind::hstore).problem, CellProblem::nul);
  EXPECT_EQ(write(R"({"a":"\u0000"})", ColumnKind::hstore).problem, CellProblem::nul);
  EXPECT_EQ(write(R"({"\ud800":1})", ColumnKind::hstore).problem, CellProblem::surrogate);
  EXPECT_EQ(field(R"({"a\u0000":"\u0000"})", ColumnKind::hstore, NulPolicy::strip), R"("a"=>"")");
}

}  // namespace
}  // namespace kpipe
