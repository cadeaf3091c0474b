// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_schema.hpp"

#include <gtest/gtest.h>

namespace kpipe {
namespace {

std::string fault(const std::string& text, const std::vector<ReferencedSchema>& references = {}) {
  try {
    AvroSchema::parse(text, references);
  } catch (const AvroSchemaError& error) {
    return error.what();
  }
  return "";
}

TEST(AvroSchema, PrimitivesHaveThreeSpellings) {
  for (const char* text : {"\"long\"", R"({"type":"long"})", R"({"type":{"type":"long"}})",
                           " \n\"long\" ", "\xEF\xBB\xBF\"long\""}) {
    EXPECT_EQ(AvroSchema::parse(text).root().type, AvroType::long_) << text;
  }
}

TEST(AvroSchema, NamesGetTheirNamespace) {
  const AvroSchema schema = AvroSchema::parse(R"({
    "type":"record","name":"Order","namespace":"org.shop","aliases":["Purchase","old.Buy"],
    "fields":[
      {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"],"default":"B"}},
      {"name":"hash","type":{"type":"fixed","name":"other.Hash","size":3}},
      {"name":"again","type":"Kind","aliases":["once"]},
      {"name":"inner","type":{"type":"record","name":"x.Inner","fields":[
        {"name":"h","type":{"type":"fixed","name":"Here","size":1}}]}},
      {"name":"none","type":{"type":"fixed","name":"Global","namespace":"","size":1}},
      {"name":"next","type":["null","Order"],"default":null}]})");
  const AvroNode& order = schema.root();
  EXPECT_EQ(order.name, "org.shop.Order");
  EXPECT_EQ(order.aliases, (std::vector<std::string>{"org.shop.Purchase", "old.Buy"}));
  EXPECT_EQ(order.fields[0].type->name, "org.shop.Kind");
  EXPECT_EQ(order.fields[0].type->default_symbol, 1U);
  EXPECT_EQ(order.fields[1].type->name, "other.Hash");
  EXPECT_EQ(order.fields[2].type, order.fields[0].type);
  EXPECT_EQ(order.fields[2].aliases, std::vector<std::string>{"once"});
  EXPECT_EQ(order.fields[3].type->fields[0].type->name, "x.Here");
  EXPECT_EQ(order.fields[4].type->name, "Global");
  EXPECT_EQ(order.fields[5].type->inner[1], &order);
  EXPECT_EQ(order.fields[5].default_value->kind, JsonKind::null);
  EXPECT_EQ(order.min_size, 1U + 3 + 1 + 1 + 1 + 1);
}

TEST(AvroSchema, LogicalTypesThatDoNotFitAreIgnored) {
  const auto logical = [](const std::string& text) {
    return AvroSchema::parse(text).root().logical;
  };
  EXPECT_EQ(logical(R"({"type":"int","logicalType":"date"})"), AvroLogical::date);
  EXPECT_EQ(logical(R"({"type":"long","logicalType":"date"})"), AvroLogical::none);
  EXPECT_EQ(logical(R"({"type":"long","logicalType":"moon-phase"})"), AvroLogical::none);
  EXPECT_EQ(logical(R"({"type":"long","logicalType":7})"), AvroLogical::none);
  const auto decimal = [&](const std::string& rest) {
    return logical(R"({"type":"bytes","logicalType":"decimal",)" + rest + "}");
  };
  EXPECT_EQ(decimal(R"("precision":4,"scale":2)"), AvroLogical::decimal);
  EXPECT_EQ(decimal(R"("precision":4)"), AvroLogical::decimal);
  EXPECT_EQ(decimal(R"("precision":4,"scale":5)"), AvroLogical::none);
  EXPECT_EQ(decimal(R"("precision":4,"scale":-1)"), AvroLogical::none);
  EXPECT_EQ(decimal(R"("precision":0)"), AvroLogical::none);
  EXPECT_EQ(decimal(R"("scale":0)"), AvroLogical::none);
  EXPECT_EQ(decimal(R"("precision":"4")"), AvroLogical::none);
  const auto fixed = [&](int size, const std::string& rest) {
    return logical(R"({"type":"fixed","name":"F","size":)" + std::to_string(size) +
                   R"(,"logicalType":)" + rest + "}");
  };
  EXPECT_EQ(fixed(2, R"("decimal","precision":4)"), AvroLogical::decimal);
  EXPECT_EQ(fixed(2, R"("decimal","precision":5)"), AvroLogical::none);
  EXPECT_EQ(fixed(16, R"("uuid")"), AvroLogical::uuid);
  EXPECT_EQ(fixed(15, R"("uuid")"), AvroLogical::none);
  EXPECT_EQ(fixed(12, R"("duration")"), AvroLogical::duration);
  EXPECT_EQ(fault(R"({"type":"bytes","logicalType":"decimal","precision":20000,"scale":16384})"),
            "a decimal has 16384 digits behind its point; at most 16383 can be read");
}

TEST(AvroSchema, FaultsNameTheirPlace) {
  EXPECT_EQ(fault(""), "is empty");
  EXPECT_EQ(fault("{"), "is not valid JSON");
  EXPECT_EQ(fault("7"), "a type is a name, an object or an array of types");
  EXPECT_EQ(fault("\"lnog\""), "there is no type \"lnog\"");
  EXPECT_EQ(fault(R"({"type":"record","name":"a.R","fields":[{"name":"x","type":
      {"type":"array","items":["null",{"type":"map","values":"Foo"}]}}]})"),
            "record a.R: field x: items: branch 1: values: there is no type \"Foo\"");
  EXPECT_EQ(fault(R"({"type":"record","name":"R"})"), "record R: lacks the array \"fields\"");
  EXPECT_EQ(fault(R"({"type":"record","fields":[]})"), "record lacks \"name\"");
  EXPECT_EQ(fault(R"({"type":"record","name":"R","fields":[{"type":"int"}]})"),
            "record R: a field lacks \"name\"");
  EXPECT_EQ(fault(R"({"type":"record","name":"R","fields":[{"name":"a"}]})"),
            "record R: field a: lacks \"type\"");
  EXPECT_EQ(fault(R"({"type":"record","name":"R","fields":[
      {"name":"a","type":"int"},{"name":"a","type":"int"}]})"),
            "record R: field a: is there twice");
  EXPECT_EQ(fault(R"([{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}])"),
            "branch 1: \"F\" is defined twice");
  EXPECT_EQ(fault(R"({"type":"fixed","name":"F","size":-1})"),
            "fixed F: lacks \"size\", a number of bytes");
  EXPECT_EQ(fault(R"({"type":"enum","name":"E","symbols":["A","A"]})"),
            "enum E: has the symbol \"A\" twice");
  EXPECT_EQ(fault(R"({"type":"enum","name":"E","symbols":["A"],"default":"B"})"),
            "enum E: its default is none of its symbols");
  EXPECT_EQ(fault(R"(["int","int"])"), "branch 1: the union has \"int\" already");
  EXPECT_EQ(fault(R"(["int",["null"]])"), "branch 1: a union cannot be a branch of a union");
  EXPECT_EQ(fault(R"({"type":"array"})"), "array lacks \"items\"");
  EXPECT_EQ(fault(R"({"name":"x"})"), "lacks \"type\"");
}

TEST(AvroSchema, ReferencesComeFirst) {
  const std::vector<ReferencedSchema> references = {
      {"org.A", R"({"type":"record","name":"org.A","fields":[{"name":"x","type":"int"}]})"},
      {"org.B", R"({"type":"record","name":"org.B","fields":[{"name":"a","type":"A"}]})"}};
  const AvroSchema schema =
      AvroSchema::parse(R"({"type":"map","values":["org.A","org.B"]})", references);
  EXPECT_EQ(schema.root().inner[0]->inner[1]->fields[0].type, schema.root().inner[0]->inner[0]);
  EXPECT_EQ(AvroSchema::parse("\"org.B\"", references).root().name, "org.B");
  EXPECT_EQ(fault("\"int\"", {{"org.A", "\"nix\""}}), "reference org.A: there is no type \"nix\"");
}

TEST(AvroSchema, NestingIsBounded) {
  const auto nested = [](int depth) {
    std::string text = "\"int\"";
    for (int i = 0; i < depth; ++i) text = R"({"type":"array","items":)" + text + "}";
    return text;
  };
  EXPECT_EQ(fault(nested(249)), "");
  EXPECT_EQ(fault(nested(252)), "is nested deeper than 250");
  EXPECT_EQ(fault(nested(5000)), "is not valid JSON");
}

TEST(AvroSchema, WhatTakesNoBytesIsKnown) {
  const auto least = [](const std::string& text) {
    return AvroSchema::parse(text).root().min_size;
  };
  EXPECT_EQ(least("\"null\""), 0U);
  EXPECT_EQ(least(R"({"type":"record","name":"R","fields":[{"name":"n","type":"null"}]})"), 0U);
  EXPECT_EQ(least(R"({"type":"record","name":"R","fields":[{"name":"r","type":"R"}]})"), 1U);
  EXPECT_EQ(least(R"(["null","double"])"), 1U);
  EXPECT_EQ(least(R"(["float","double"])"), 5U);
}

}  // namespace
}  // namespace kpipe
