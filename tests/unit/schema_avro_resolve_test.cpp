// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_resolve.hpp"

#include <gtest/gtest.h>

#include "tests/unit/schema_avro.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;
using namespace test;

std::string record(const std::string& fields, const std::string& name = "R") {
  return R"({"type":"record","name":")" + name + R"(","fields":[)" + fields + "]}";
}

TEST(AvroResolve, Promotions) {
  EXPECT_EQ(avro_read_as("\"int\"", "\"long\"", avro_long(5)), "5");
  // The digits stay, also where a float has no room for them.
  EXPECT_EQ(avro_read_as("\"int\"", "\"float\"", avro_long(16777217)), "16777217");
  EXPECT_EQ(avro_read_as("\"long\"", "\"double\"", avro_long(9007199254740993)),
            "9007199254740993");
  EXPECT_EQ(avro_read_as("\"float\"", "\"double\"", avro_float(0.1F)), "0.10000000149011612");
  EXPECT_EQ(avro_read_as("\"string\"", "\"bytes\"", avro_bytes("a")), R"({"base64":"YQ=="})");
  EXPECT_EQ(avro_read_as("\"bytes\"", "\"string\"", avro_bytes("a")), "\"a\"");
  EXPECT_EQ(avro_read_as("\"bytes\"", "\"string\"", avro_bytes("\xff")), "!a string is not UTF-8");
  EXPECT_EQ(avro_read_as("\"long\"", "\"int\"", avro_long(5)), "!long is no int");
  EXPECT_EQ(avro_read_as("\"double\"", "\"float\"", avro_float(0.5)), "!double is no float");
  EXPECT_EQ(avro_read_as("\"int\"", "\"string\"", avro_long(5)), "!int is no string");
}

TEST(AvroResolve, FieldsGoByNameThenAlias) {
  const std::string writer =
      record(R"({"name":"a","type":"int"},{"name":"gone","type":{"type":"array","items":"string"}},
                {"name":"b","type":"string"},{"name":"c","type":"int"})");
  const std::string reader =
      record(R"({"name":"c","type":"long"},{"name":"new","type":["null","int"],"default":null},
                {"name":"bb","type":"string","aliases":["x","b"]},
                {"name":"list","type":{"type":"array","items":"int"},"default":[1,2]})");
  const std::string data = avro_long(1) + avro_long(2) + avro_bytes("s1") + avro_bytes("s2") +
                           avro_long(0) + avro_bytes("text") + avro_long(3);
  EXPECT_EQ(avro_read_as(writer, reader, data), R"({"bb":"text","c":3,"new":null,"list":[1,2]})");
  // The name comes before an alias.
  EXPECT_EQ(avro_read_as(record(R"({"name":"old","type":"int"},{"name":"now","type":"int"})"),
                         record(R"({"name":"now","type":"int","aliases":["old"]})"),
                         avro_long(1) + avro_long(2)),
            R"({"now":2})");
}

TEST(AvroResolve, MissingFieldsNeedDefaults) {
  const std::string writer = record(R"({"name":"a","type":"int"})");
  EXPECT_EQ(avro_read_as(writer, record(R"({"name":"b","type":"int"})"), avro_long(1)),
            "!the writer's record R lacks b, for which the reader has no default");
  EXPECT_EQ(
      avro_read_as(writer, record(R"({"name":"b","type":"int","default":"x"})"), avro_long(1)),
      "!the reader's default of b is no int");
  EXPECT_EQ(avro_read_as(record(""), record(R"({"name":"b","type":"int","default":1})"), ""),
            R"({"b":1})");
  EXPECT_EQ(avro_read_as(writer, record(""), avro_long(1)), "{}");
}

std::string default_of(const std::string& type, const std::string& value,
                       AvroOutput output = AvroOutput::plain) {
  return avro_read_as(record(""),
                      record(R"({"name":"d","type":)" + type + R"(,"default":)" + value + "}"), "",
                      output);
}

TEST(AvroResolve, DefaultsAreValuesLikeAnyOther) {
  EXPECT_EQ(default_of("\"boolean\"", "true"), R"({"d":true})");
  EXPECT_EQ(default_of("\"double\"", "1.50"), R"({"d":1.5})");
  EXPECT_EQ(default_of("\"float\"", "\"NaN\""), R"({"d":"NaN"})");
  EXPECT_EQ(default_of("\"bytes\"", R"("\u00ff\u0000a")"), R"({"d":{"base64":"/wBh"}})");
  EXPECT_EQ(default_of("\"bytes\"", R"("\u0100")"), "!the reader's default of d is no bytes");
  EXPECT_EQ(default_of(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})",
                       R"("\u00ff")"),
            R"({"d":-0.01})");
  EXPECT_EQ(default_of(R"({"type":"int","logicalType":"date"})", "0"), R"({"d":"1970-01-01"})");
  EXPECT_EQ(default_of(R"({"type":"int","logicalType":"date"})", "0", AvroOutput::avro_json),
            R"({"d":0})");
  EXPECT_EQ(default_of(R"({"type":"fixed","name":"F","size":1})", R"("ab")"),
            "!the reader's default of d is no fixed F");
  EXPECT_EQ(default_of(R"({"type":"enum","name":"E","symbols":["A","B"]})", "\"B\""),
            R"({"d":"B"})");
  EXPECT_EQ(default_of(R"({"type":"map","values":"int"})", R"({"x":1})"), R"({"d":{"x":1}})");
  EXPECT_EQ(default_of(R"(["null","string"])", R"("s")"), R"({"d":"s"})");
  EXPECT_EQ(default_of(R"(["null","string"])", R"("s")", AvroOutput::avro_json),
            R"({"d":{"string":"s"}})");
  // Fields of a default have defaults themselves.
  EXPECT_EQ(default_of(R"({"type":"record","name":"I","fields":[
                {"name":"x","type":"int"},{"name":"y","type":"int","default":7}]})",
                       R"({"x":1})"),
            R"({"d":{"x":1,"y":7}})");
  EXPECT_EQ(default_of(R"({"type":"record","name":"I","fields":[
                {"name":"i","type":"I","default":{}}]})",
                       "{}"),
            "!the reader's default of d is no record I");
  // Whatever its branches, such a default is given up.
  EXPECT_EQ(default_of(R"({"type":"record","name":"I","fields":[{"name":"i","type":["I",
                {"type":"record","name":"J","fields":[{"name":"j","type":["I","J"],"default":{}}]}],
                "default":{}}]})",
                       "{}"),
            "!the reader's default of d is no record I");
}

TEST(AvroResolve, NamedTypesGoByNameOrAlias) {
  const std::string a = record("", "org.A");
  EXPECT_EQ(avro_read_as(a, record("", "other.A"), ""), "{}");
  EXPECT_EQ(avro_read_as(a, record("", "other.B"), ""),
            "!record org.A is no record other.B, nor does that have the alias org.A");
  EXPECT_EQ(
      avro_read_as(a, R"({"type":"record","name":"other.B","aliases":["org.A"],"fields":[]})", ""),
      "{}");
  EXPECT_EQ(avro_read_as(R"({"type":"fixed","name":"F","size":1})",
                         R"({"type":"fixed","name":"F","size":2})", "a"),
            "!fixed F has 1 bytes, the reader's 2");
}

TEST(AvroResolve, SymbolsTheReaderLacksHaveADefault) {
  const std::string writer = R"({"type":"enum","name":"E","symbols":["A","B","C"]})";
  const std::string some = R"({"type":"enum","name":"E","symbols":["C","A"]})";
  EXPECT_EQ(avro_read_as(writer, some, avro_long(2)), "\"C\"");
  EXPECT_EQ(avro_read_as(writer, some, avro_long(1)),
            "!the reader's enum E has neither symbol 1 of the writer's nor a default");
  EXPECT_EQ(avro_read_as(writer, R"({"type":"enum","name":"E","symbols":["C","A"],"default":"A"})",
                         avro_long(1)),
            "\"A\"");
}

TEST(AvroResolve, OnlyTheBranchThatIsThereMustMatch) {
  const std::string writer = R"(["null","string","int"])";
  EXPECT_EQ(avro_read_as(writer, "\"long\"", avro_long(2) + avro_long(5)), "5");
  EXPECT_EQ(avro_read_as(writer, "\"long\"", avro_long(0)), "!null is no long");
  EXPECT_EQ(avro_read_as(writer, R"(["int","null"])", avro_long(1) + avro_bytes("x")),
            "!no branch of the reader's union takes string");
  EXPECT_EQ(
      avro_read_as("\"int\"", R"(["null","string","double"])", avro_long(5), AvroOutput::avro_json),
      R"({"double":5})");
  // A promotion comes last, whatever the order.
  EXPECT_EQ(avro_read_as("\"string\"", R"(["bytes","string"])", avro_bytes("x")), "\"x\"");
  EXPECT_EQ(avro_read_as("\"int\"", R"(["double","int"])", avro_long(5), AvroOutput::avro_json),
            R"({"int":5})");
  // So does a name that agrees only without its namespace.
  const std::string two =
      R"([{"type":"fixed","name":"a.F","size":1},{"type":"fixed","name":"b.F","size":1}])";
  EXPECT_EQ(avro_read_as(two, two, avro_long(1) + "x", AvroOutput::avro_json), R"({"b.F":"x"})");
}

TEST(AvroResolve, LogicalTypes) {
  const auto type = [](const std::string& base, const std::string& logical) {
    return R"({"type":")" + base + R"(","logicalType":")" + logical + R"("})";
  };
  const std::string day = avro_long(86400000);
  EXPECT_EQ(avro_read_as("\"long\"", type("long", "timestamp-millis"), day),
            "\"1970-01-02T00:00:00.000Z\"");
  EXPECT_EQ(avro_read_as(type("long", "timestamp-millis"), "\"long\"", day), "86400000");
  EXPECT_EQ(avro_read_as(type("long", "timestamp-millis"), type("long", "timestamp-micros"), day),
            "\"1970-01-02T00:00:00.000Z\"");
  EXPECT_EQ(avro_read_as("\"int\"", type("long", "timestamp-millis"), day),
            "\"1970-01-02T00:00:00.000Z\"");
  const auto decimal = [](int precision, int scale) {
    return R"({"type":"bytes","logicalType":"decimal","precision":)" + std::to_string(precision) +
           R"(,"scale":)" + std::to_string(scale) + "}";
  };
  EXPECT_EQ(avro_read_as(decimal(4, 2), decimal(9, 2), avro_bytes("\x7b")), "1.23");
  EXPECT_EQ(avro_read_as(decimal(4, 2), decimal(9, 3), avro_bytes("\x7b")),
            "!a decimal of scale 2 is none of scale 3");
}

TEST(AvroResolve, RecursiveTypesEvolve) {
  const std::string writer = record(R"({"name":"v","type":"int"},{"name":"w","type":"double"},
                                       {"name":"next","type":["null","R"]})");
  const std::string reader =
      record(R"({"name":"next","type":["null","R"]},{"name":"v","type":"long"},
                                       {"name":"n","type":"int","default":9})");
  const std::string data =
      avro_long(1) + avro_float(0.5) + avro_long(1) + avro_long(2) + avro_float(0.5) + avro_long(0);
  EXPECT_EQ(avro_read_as(writer, reader, data),
            R"({"v":1,"next":{"v":2,"next":null,"n":9},"n":9})");
}

TEST(AvroResolve, SkippedFieldsAreCheckedForTheirEnd) {
  const std::string writer = record(R"({"name":"nulls","type":{"type":"array","items":"null"}},
                {"name":"maps","type":{"type":"map","values":{"type":"array","items":"long"}}},
                {"name":"keep","type":"int"})");
  const std::string reader = record(R"({"name":"keep","type":"int"})");
  const std::string maps = avro_long(1) + avro_bytes("k") + avro_long(-2) + avro_long(2) + "\2\4" +
                           avro_long(0) + avro_long(0);
  EXPECT_EQ(avro_read_as(writer, reader,
                         avro_long(std::int64_t{1} << 60) + avro_long(0) + maps + avro_long(7)),
            R"({"keep":7})");
  EXPECT_EQ(
      avro_read_as(writer, reader, avro_long(0) + avro_long(1) + avro_bytes("k") + avro_long(9)),
      "!field maps: ends inside the value");
}

TEST(AvroResolve, LongChainsOfNamesDoNotEatTheStack) {
  std::vector<ReferencedSchema> references;
  for (int i = 0; i < 20000; ++i) {
    const std::string type = i == 0 ? "int" : "R" + std::to_string(i - 1);
    references.push_back(
        {"r", record(R"({"name":"x","type":")" + type + "\"}", "R" + std::to_string(i))});
  }
  const AvroSchema schema = AvroSchema::parse("\"R19999\"", references);
  EXPECT_NE(avro_decoded(resolve_avro(schema, schema, AvroOutput::plain), "\2")
                .find("is nested deeper than 100"),
            std::string::npos);
}

}  // namespace
}  // namespace kpipe
