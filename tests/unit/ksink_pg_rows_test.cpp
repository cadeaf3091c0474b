// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/ksink_pg_records.hpp"
#include "tools/ksink-pg/row_encoder.hpp"

namespace kpipe {
namespace {

using ksink_pg_test::Records;

Column plain(const std::string& name, bool has_default = false) {
  return {name, "text", ColumnKind::plain, false, has_default};
}
Column jsonb(const std::string& name, bool has_default = false) {
  return {name, "jsonb", ColumnKind::json, true, has_default};
}
Column bytea(const std::string& name) {
  return {name, "bytea", ColumnKind::bytea, false, false};
}

/// The rows of these values, each "COLUMN,COLUMN: line".
std::vector<std::string> rows(const ColumnMap& map, const std::vector<std::string>& values,
                              NulPolicy nul = NulPolicy::reject) {
  RowEncoder encoder(map, "public.t", {{}, false, nul});
  const Records records(values);
  EXPECT_EQ(records.problem(), "");
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t shape = encoder.read(records.record(i));
    OutBuffer line;
    encoder.write(line);
    std::string row;
    for (const std::size_t column : encoder.columns_of(shape)) {
      row += (row.empty() ? "" : ",") + map.columns()[column].name;
    }
    rows.push_back(row + ": " + std::string(line.view().substr(0, line.size() - 1)));
  }
  return rows;
}

std::string row(const ColumnMap& map, const std::string& value, NulPolicy nul = NulPolicy::reject) {
  return rows(map, {value}, nul).front();
}

std::string refusal(const ColumnMap& map, const std::string& value) {
  try {
    return "stored: " + row(map, value);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::data);
    return error.what();
  }
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(KsinkPgColumns, exact_name_before_folded_name) {
  const ColumnMap map({plain("id"), plain("ID"), plain("userid"), plain("a"), plain("A")}, false);
  EXPECT_EQ(map.find("id"), 0);
  EXPECT_EQ(map.find("ID"), 1);
  EXPECT_EQ(map.find("Id"), ColumnMap::kAmbiguous);
  EXPECT_EQ(map.find("userId"), 2);
  EXPECT_EQ(map.find("nope"), ColumnMap::kNoColumn);
  EXPECT_EQ(map.rest(), ColumnMap::kNoColumn);
}

TEST(KsinkPgColumns, one_jsonb_column_takes_the_rest) {
  EXPECT_EQ(ColumnMap({plain("id"), jsonb("doc")}, false).rest(), 1);
  EXPECT_EQ(ColumnMap({plain("id"), jsonb("doc"), jsonb("doc2")}, false).rest(),
            ColumnMap::kNoColumn);
  Column of_one_field = jsonb("doc");
  of_one_field.may_take_rest = false;
  EXPECT_EQ(ColumnMap({plain("id"), of_one_field}, false).rest(), ColumnMap::kNoColumn);
  EXPECT_TRUE(ColumnMap({jsonb("doc")}, false).whole());
  EXPECT_FALSE(ColumnMap({plain("doc")}, false).whole());
  EXPECT_TRUE(ColumnMap({plain("doc")}, true).whole());
}

TEST(KsinkPgRows, fields_go_to_columns_in_any_order) {
  const ColumnMap map({plain("a"), plain("b"), plain("c")}, false);
  EXPECT_EQ(rows(map, {R"({"a":1,"b":2,"c":3})", R"({"c":3,"a":1})", "{}", R"({"B":"x"})"}),
            (std::vector<std::string>{"a,b,c: 1\t2\t3", "a,b,c: 1\t\\N\t3", "a,b,c: \\N\t\\N\t\\N",
                                      "a,b,c: \\N\tx\t\\N"}));
}

TEST(KsinkPgRows, of_a_repeated_field_the_last_counts) {
  EXPECT_EQ(row(ColumnMap({plain("a"), plain("b")}, false), R"({"a":1,"a":2})"), "a,b: 2\t\\N");
}

TEST(KsinkPgRows, two_fields_for_one_column_are_refused) {
  const std::string why =
      refusal(ColumnMap({plain("id"), plain("b")}, false), R"({"ID":1,"id":2})");
  expect_in(why, "t[0]@0");
  expect_in(why, "\"ID\" and \"id\"");
}

TEST(KsinkPgRows, an_unknown_field_is_refused_by_name) {
  const ColumnMap map({plain("a"), plain("b"), plain("B")}, false);
  EXPECT_THROW(row(map, R"({"x":1})"), UnknownFieldError);
  expect_in(refusal(map, R"({"a":1,"x":1})"), "t[0]@0: there is no column for field \"x\"");
}

TEST(KsinkPgRows, an_ambiguous_field_is_refused) {
  const ColumnMap map({plain("bb"), plain("BB")}, false);
  expect_in(refusal(map, R"({"Bb":1})"), "differ from field \"Bb\" in case only");
}

TEST(KsinkPgRows, the_rest_goes_into_the_jsonb_column) {
  const ColumnMap map({plain("id"), jsonb("rest")}, false);
  EXPECT_EQ(row(map, R"({"x":"a\nb","id":1,"y":{"z":[1]}})"),
            R"(id,rest: 1	{"x":"a\\nb","y":{"z":[1]}})");
  EXPECT_EQ(row(map, R"({"id":1})"), "id,rest: 1\t\\N");
  EXPECT_EQ(row(map, R"({"id":1,"rest":{"a":2}})"), "id,rest: 1\t{\"a\":2}");
  expect_in(refusal(map, R"({"rest":{"a":2},"x":1})"), "no column for field \"x\"");
  EXPECT_EQ(row(map, R"({"a\"\u0009b":1})"), R"(id,rest: \N	{"a\\"\\tb":1})");
}

TEST(KsinkPgRows, a_lone_jsonb_column_takes_whole_values) {
  const ColumnMap map({jsonb("value")}, false);
  EXPECT_EQ(row(map, R"({"value":1,"x":2})"), R"(value: {"value":1,"x":2})");
  EXPECT_EQ(row(map, "[1]"), "value: [1]");
  EXPECT_EQ(row(map, R"("s")"), R"(value: "s")");
}

TEST(KsinkPgRows, values_that_are_no_objects_need_a_lone_column) {
  EXPECT_EQ(row(ColumnMap({plain("line")}, false), R"("a\tb")"), "line: a\\tb");
  EXPECT_EQ(row(ColumnMap({bytea("bytes")}, false), R"({"base64":"AP+A"})"), "bytes: \\\\x00ff80");
  EXPECT_EQ(row(ColumnMap({bytea("bytes")}, false), R"("hi")"), "bytes: \\\\x6869");
  EXPECT_EQ(row(ColumnMap({plain("line")}, false), R"({"line":"x"})"), "line: x");
  expect_in(refusal(ColumnMap({plain("a"), jsonb("b")}, false), "[1]"),
            "t[0]@0: the value is not a JSON object: [1]");
}

TEST(KsinkPgRows, columns_with_a_default_are_left_to_it_record_by_record) {
  const ColumnMap map({plain("id", true), plain("a"), plain("at", true)}, false);
  const std::vector<std::string> given = {R"({"a":1})", R"({"a":2,"at":3})", R"({"a":4})",
                                          R"({"id":5,"a":6,"at":null})"};
  EXPECT_EQ(rows(map, given),
            (std::vector<std::string>{"a: 1", "a,at: 2\t3", "a: 4", "id,a,at: 5\t6\t\\N"}));
}

TEST(KsinkPgRows, the_same_fields_give_the_same_shape) {
  RowEncoder encoder(ColumnMap({plain("a"), plain("b", true)}, false), "t");
  const Records records({R"({"a":1})", R"({"b":1})", R"({"a":2})", R"({"b":2,"a":1})"});
  std::vector<std::size_t> shapes;
  for (std::size_t i = 0; i < 4; ++i) shapes.push_back(encoder.read(records.record(i)));
  EXPECT_EQ(shapes[0], shapes[2]);
  EXPECT_EQ(shapes[1], shapes[3]);
  EXPECT_NE(shapes[0], shapes[1]);
}

/// All cells of one record, or why there are none.
std::string keyed(const ColumnMap& map, const RowKey& key, const std::string& record_key,
                  const std::string& value) {
  RowEncoder encoder(map, "public.t", {key});
  const Records records({value}, record_key);
  OutBuffer line;
  try {
    if (value == "null") {
      encoder.read_key(records.record(0));
    } else {
      encoder.read(records.record(0));
    }
    encoder.write_all(line);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::data);
    return error.what();
  }
  return std::string(line.view());
}

TEST(KsinkPgRows, a_key_of_the_value_must_be_there) {
  const ColumnMap map({plain("id"), plain("a"), plain("b")}, false);
  const RowKey key{{0, 2}, false};
  EXPECT_EQ(keyed(map, key, "null", R"({"b":2,"id":1})"), "1\t\\N\t2");
  expect_in(keyed(map, key, "null", R"({"id":1})"), "has no value for column b of the key");
  expect_in(keyed(map, key, "null", R"({"id":null,"b":2})"), "for column id of the key");
  EXPECT_EQ(keyed(map, key, R"({"b":2,"id":1,"more":3})", "null"), "1\t\\N\t2");
  expect_in(keyed(map, key, R"("1")", "null"), "does not say which row to delete");
  expect_in(keyed(map, key, R"({"b":2})", "null"), "has no value for column id of the key");
}

TEST(KsinkPgRows, the_records_key_fills_the_key) {
  const ColumnMap map({plain("k"), plain("a"), plain("b")}, false);
  EXPECT_EQ(keyed(map, {{0}, true}, R"("x\ty")", R"({"a":1,"k":"not this"})"), "x\\ty\t1\t\\N");
  EXPECT_EQ(keyed(map, {{0}, true}, "7", "null"), "7\t\\N\t\\N");
  EXPECT_EQ(keyed(map, {{0, 1}, true}, R"({"a":1,"k":2})", R"({"b":3})"), "2\t1\t3");
  expect_in(keyed(map, {{0}, true}, "null", R"({"a":1})"), "the record has no key");
  expect_in(keyed(map, {{0, 1}, true}, "7", R"({"b":3})"), "the record's key is no JSON object");
  expect_in(keyed(map, {{0, 1}, true}, R"({"k":1,"b":2})", R"({"b":3})"),
            "field \"b\" of the record's key is no column");
  expect_in(keyed(map, {{0}, true}, R"("\u0000")", R"({"a":1})"),
            "the record's key contains U+0000");
}

TEST(KsinkPgRows, one_column_beside_the_key_takes_values_whole) {
  const Column doc{"doc", "jsonb", ColumnKind::json, true, false};
  const ColumnMap map({doc, plain("k")}, false);
  EXPECT_EQ(keyed(map, {{1}, true}, "1", R"({"doc":2,"x":3})"), "{\"doc\":2,\"x\":3}\t1");
  EXPECT_EQ(keyed(map, {{1}, true}, "1", "[4]"), "[4]\t1");
  const ColumnMap number({plain("k"), plain("n")}, false);
  EXPECT_EQ(keyed(number, {{0}, true}, "1", R"({"n":2})"), "1\t2");
  EXPECT_EQ(keyed(number, {{0}, true}, "1", "5"), "1\t5");
}

TEST(KsinkPgRows, metadata_counts_before_fields_of_the_value) {
  std::vector<Column> columns = {plain("a")};
  for (const MetadataColumn& column : kMetadataColumns) {
    columns.push_back(plain(column.name));
    columns.back().metadata = column.metadata;
  }
  columns[4].kind = ColumnKind::instant;
  const ColumnMap map(columns, false);
  EXPECT_EQ(keyed(map, {}, R"("k")", R"({"a":5,"_kafka_offset":77})"),
            "5\tt\t0\t0\t1970-01-01T00:00:00.001Z\tk\t[]");
  EXPECT_EQ(keyed(map, {}, "null", "6"), "6\tt\t0\t0\t1970-01-01T00:00:00.001Z\t\\N\t[]")
      << "the one column beside them takes what is no object";
}

TEST(KsinkPgRows, a_row_without_any_value_is_refused) {
  expect_in(refusal(ColumnMap({plain("id", true), plain("at", true)}, false), "{}"),
            "none of its columns has a value");
}

TEST(KsinkPgRows, a_bad_value_names_record_and_field) {
  const std::string why =
      refusal(ColumnMap({plain("a"), plain("b")}, false), R"({"a":1,"b":"x\u0000"})");
  expect_in(why, "t[0]@0: field \"b\" contains U+0000");
}

TEST(KsinkPgRows, nul_in_what_goes_to_the_jsonb_column_names_the_field) {
  const ColumnMap map({plain("id"), jsonb("rest")}, false);
  const std::string in_value = R"({"id":1,"a":"\\u0000","b":{"c":["\u0000"]}})";
  const std::string in_name = R"({"id":1,"a":2,"b\u0000":1})";
  expect_in(refusal(map, in_value), "t[0]@0: field \"b\" contains U+0000");
  expect_in(refusal(map, in_value), "--nul strip");
  expect_in(refusal(map, in_name), R"(t[0]@0: field "b\u0000" contains U+0000)");
  EXPECT_EQ(row(map, in_value, NulPolicy::strip),
            R"(id,rest: 1	{"a":"\\\\u0000","b":{"c":[""]}})");
  EXPECT_EQ(row(map, in_name, NulPolicy::replace), "id,rest: 1\t{\"a\":2,\"b�\":1}");
}

TEST(KsinkPgRows, names_with_nul_find_the_column_of_what_is_left_of_them) {
  const ColumnMap map({plain("id"), plain("b")}, false);
  const std::string value = R"({"id\u0000":1})";
  expect_in(refusal(map, value), R"(there is no column for field "id\u0000".)");
  expect_in(refusal(map, value), R"(jq 'del(.value."id\u0000")')");
  EXPECT_EQ(row(map, value, NulPolicy::strip), "id,b: 1\t\\N");
}

TEST(KsinkPgRows, half_a_surrogate_pair_in_a_name_is_refused) {
  expect_in(refusal(ColumnMap({plain("id"), jsonb("rest")}, false), R"({"\ud800":1})"),
            "t[0]@0: the name of a field contains half a surrogate pair");
  expect_in(refusal(ColumnMap({jsonb("doc")}, false), R"({"\ud800":1})"),
            "t[0]@0: the value contains half a surrogate pair");
}

}  // namespace
}  // namespace kpipe
