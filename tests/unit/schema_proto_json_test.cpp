// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/unit/schema_proto.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;

const std::string kScalars = R"(syntax = "proto3";
message M {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
  fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10;
  float single_float = 11; double twice = 12; bool yes = 13; string text = 14; bytes data = 15;
  enum Color { NONE = 0; RED = 1; }
  Color color = 16;
  M inner = 17;
  repeated int32 many = 18; repeated string texts = 19; repeated M others = 20;
  repeated Color colors = 21; repeated int32 loose = 22 [packed = false];
  optional int32 maybe = 23;
  oneof one { string a = 24; M b = 25; Color c = 26; }
  map<string, int32> counts = 27; map<int64, M> by_id = 28; map<bool, Color> by_bool = 29;
  string named = 30 [json_name = "@other\"name"];
})";

class Scalars : public testing::Test {
 protected:
  std::string json(const std::string& text, bool original_names = false) {
    return proto_json(schema_, "M", proto_bytes(*schema_, "M", text), original_names);
  }
  std::string json_of(const std::string& bytes) { return proto_json(schema_, "M", bytes); }

  std::shared_ptr<const ProtoSchema> schema_ = proto_schema(kScalars);
};

TEST_F(Scalars, NumbersKeepTheirDigits) {
  EXPECT_EQ(json("i32: -2147483648 i64: -9223372036854775808 u32: 4294967295 "
                 "u64: 18446744073709551615 s32: -1 s64: -2"),
            R"({"i32":-2147483648,"i64":"-9223372036854775808","u32":4294967295,)"
            R"("u64":"18446744073709551615","s32":-1,"s64":"-2"})");
  EXPECT_EQ(json("f32: 4294967295 f64: 18446744073709551615 sf32: -5 sf64: -6"),
            R"({"f32":4294967295,"f64":"18446744073709551615","sf32":-5,"sf64":"-6"})");
}

TEST_F(Scalars, FloatsAreTheShortestTextThatReadsBack) {
  EXPECT_EQ(json("single_float: 0.1 twice: 0.1"), R"({"singleFloat":0.1,"twice":0.1})");
  EXPECT_EQ(json("single_float: 16777216 twice: 1e300"),
            R"({"singleFloat":16777216,"twice":1e+300})");
  EXPECT_EQ(json("single_float: nan twice: -inf"), R"({"singleFloat":"NaN","twice":"-Infinity"})");
  EXPECT_EQ(json("twice: -0.0"), R"({"twice":-0})");
}

TEST_F(Scalars, TextAndBytes) {
  EXPECT_EQ(json(R"(yes: true text: "\"\n\303\274" data: "\000\377")"),
            R"({"yes":true,"text":"\"\nü","data":"AP8="})");
  EXPECT_EQ(json(R"(named: "x")"), R"({"@other\"name":"x"})");
  EXPECT_EQ(json(R"(named: "x" single_float: 1)", true), R"({"single_float":1,"named":"x"})");
}

TEST_F(Scalars, DefaultsAreLeftOutUnlessPresent) {
  EXPECT_EQ(json(""), "{}");
  EXPECT_EQ(json("i32: 0 text: \"\" color: NONE maybe: 0"), R"({"maybe":0})");
  EXPECT_EQ(json("inner {} c: NONE"), R"({"inner":{},"c":"NONE"})");
  EXPECT_EQ(json_of("\x08\x00"s), "{}") << "an explicit zero";
}

TEST_F(Scalars, EnumsByNameOrNumber) {
  EXPECT_EQ(json("color: RED colors: [NONE, RED]"), R"({"color":"RED","colors":["NONE","RED"]})");
  EXPECT_EQ(json_of("\x80\x01\x07"s), R"({"color":7})");
  EXPECT_EQ(json_of("\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s), R"({"color":-1})");
}

TEST_F(Scalars, RepeatedFieldsPackedOrNot) {
  EXPECT_EQ(json("many: [1, 2] loose: [3, 4] texts: [\"\", \"x\"] others {} others { i32: 1 }"),
            R"({"many":[1,2],"texts":["","x"],"others":[{},{"i32":1}],"loose":[3,4]})");
  EXPECT_EQ(json_of("\x90\x01\x01\x90\x01\x02"s), R"({"many":[1,2]})");
  EXPECT_EQ(json_of("\xb2\x01\x02\x01\x02\xb0\x01\x03"s), R"({"loose":[1,2,3]})");
  EXPECT_EQ(json_of("\x92\x01\x00"s), "{}");
}

TEST_F(Scalars, MapsAreObjects) {
  EXPECT_EQ(json(R"(counts { key: "b" value: 1 } counts { key: "" })"),
            json_of("\xda\x01\x05\x0a\x01\x62\x10\x01\xda\x01\x00"s));
  EXPECT_EQ(json_of("\xda\x01\x05\x0a\x01\x62\x10\x01\xda\x01\x00"s), R"({"counts":{"b":1,"":0}})");
  EXPECT_EQ(json("by_id { key: -1 value { i32: 1 } } by_id { key: 2 }"),
            R"({"byId":{"-1":{"i32":1},"2":{}}})");
  EXPECT_EQ(json("by_bool { key: true value: RED }"), R"({"byBool":{"true":"RED"}})");
  EXPECT_EQ(json_of("\xda\x01\x05\x0a\x01\x62\x10\x01\xda\x01\x05\x0a\x01\x62\x10\x02"s),
            R"({"counts":{"b":2}})")
      << "the last entry of a key counts";
}

TEST_F(Scalars, AnyOrderMeansTheSame) {
  EXPECT_EQ(json_of("\x18\x02\x08\x01"s), R"({"i32":1,"u32":2})");
  EXPECT_EQ(json_of("\x08\x01\x08\x02"s), R"({"i32":2})") << "the last of a field counts";
  EXPECT_EQ(json_of("\x8a\x01\x02\x08\x01\x8a\x01\x02\x18\x02"s), R"({"inner":{"i32":1,"u32":2}})")
      << "messages are merged";
  EXPECT_EQ(json_of("\xc2\x01\x01\x61\xd0\x01\x01"s), R"({"c":"RED"})") << "one of them";
  EXPECT_EQ(json_of("\x90\x01\x01\x08\x05\x90\x01\x02"s), R"({"i32":5,"many":[1,2]})");
}

TEST_F(Scalars, FieldsOfAnotherWireTypeAreUnknown) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(json_of("\x0a\x01\x61\x18\x01"s), R"({"u32":1})");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("M: field 1 is not in the schema"),
            std::string::npos);
}

TEST_F(Scalars, UnknownFieldsAreSaidOnce) {
  testing::internal::CaptureStderr();
  ProtoJson json(schema_, false);
  OutBuffer out;
  for (int i = 0; i < 3; ++i) {
    out.clear();
    ASSERT_TRUE(json.write(*schema_->find("M"), "\x08\x01\xf8\x06\x05"s, out));
    EXPECT_EQ(out.view(), R"({"i32":1})");
  }
  EXPECT_EQ(json.left_out(), 3U);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("warning: M: field 111 is not in the schema"), std::string::npos);
  EXPECT_EQ(said.find('\n'), said.size() - 1);
}

TEST_F(Scalars, SaysWhereItBreaks) {
  EXPECT_EQ(json_of("\x08"s), "bad: i32: ends inside the value");
  EXPECT_EQ(json_of("\x72\x05\x61"s), "bad: text: has a length of 5, with 1 bytes left");
  EXPECT_EQ(json_of("\x8a\x01\x03\x72\x01\xff"s), "bad: inner.text: is not valid UTF-8");
  EXPECT_EQ(json_of("\xa2\x01\x02\x08\x01\xa2\x01\x01\x11"s),
            "bad: others[1].i64: ends inside the value");
  EXPECT_EQ(json_of("\x00\x00"s), "bad: has a field number 0, which cannot be");
  EXPECT_EQ(json_of("\x0f"s), "bad: i32: has wire type 7, which cannot be");
  EXPECT_EQ(json_of("\x0c"s), "bad: has the end of a group that it is not in (1)");
  EXPECT_EQ(json_of("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s),
            "bad: i32: is a number of more than ten bytes");
  EXPECT_EQ(json_of("\xda\x01\x03\x0a\x01\xff"s).substr(0, 16), "bad: counts[0].k");
}

TEST_F(Scalars, NestsAHundredDeep) {
  std::string bytes;
  for (int depth = 1; depth <= 101; ++depth) {
    std::string outer = "\x8a\x01"s;
    for (std::size_t size = bytes.size();; size >>= 7) {
      outer += static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
      if (size <= 0x7F) break;
    }
    bytes = outer + bytes;
    const std::string got = json_of(bytes);
    if (depth <= 100) {
      EXPECT_TRUE(got.starts_with("{\"inner\":")) << depth << got;
    } else {
      EXPECT_TRUE(got.ends_with("nests deeper than 100")) << got;
    }
  }
}

const std::string kProto2 = R"(syntax = "proto2";
package p;
enum Kind { Z = 0; A = 1; B = 2; }
message M {
  required int32 id = 1;
  optional int32 with_default = 2 [default = 7];
  optional Kind kind = 3;
  repeated Kind kinds = 4;
  optional group Part = 5 { optional string sku = 1; }
  repeated group Row = 6 { required int32 n = 1; }
  map<int32, Kind> by_id = 8;
  extensions 100 to 200;
  optional string text = 9;
  oneof o { Kind x = 10; string y = 11; }
}
message Holder { extend M { optional M nested = 101; repeated int32 numbers = 102; } }
extend M { optional string note = 100; }
message Clash { optional int32 a_b = 1; optional int32 aB = 2; }
)";

class Proto2 : public testing::Test {
 protected:
  std::string json(const std::string& text, const std::string& type = "p.M") {
    return proto_json(schema_, type, proto_bytes(*schema_, type, text));
  }
  std::string json_of(const std::string& bytes) { return proto_json(schema_, "p.M", bytes); }

  std::shared_ptr<const ProtoSchema> schema_ = proto_schema(kProto2);
};

TEST_F(Proto2, HasPresence) {
  EXPECT_EQ(json("id: 0 with_default: 0"), R"({"id":0,"withDefault":0})");
  EXPECT_EQ(json("id: 1"), R"({"id":1})");
}

TEST_F(Proto2, RequiredFieldsMustBeThere) {
  EXPECT_EQ(json("with_default: 1"), "bad: id: is required, and missing");
  EXPECT_EQ(json("id: 1 Row { n: 1 } Row {}"), "bad: row[1].n: is required, and missing");
  EXPECT_EQ(json("id: 1 [p.Holder.nested] {}"),
            "bad: [p.Holder.nested].id: is required, and missing");
}

TEST_F(Proto2, Groups) {
  EXPECT_EQ(json("id: 1 Part { sku: \"s\" } Row { n: 1 } Row { n: 2 }"),
            R"({"id":1,"part":{"sku":"s"},"row":[{"n":1},{"n":2}]})");
  EXPECT_EQ(json_of("\x08\x01\x2b\x0a\x01"s).substr(0, 15), "bad: part.sku: ");
}

TEST_F(Proto2, ExtensionsInBrackets) {
  EXPECT_EQ(json("id: 1 [p.note]: \"x\" [p.Holder.nested] { id: 2 } [p.Holder.numbers]: [1, 2]"),
            R"({"id":1,"[p.note]":"x","[p.Holder.nested]":{"id":2},"[p.Holder.numbers]":[1,2]})");
}

TEST_F(Proto2, NumbersThatAClosedEnumLacksAreKept) {
  EXPECT_EQ(json_of("\x08\x01\x18\x09"s), R"({"id":1,"kind":9})");
  EXPECT_EQ(json_of("\x08\x01\x20\x09\x20\x08"s), R"({"id":1,"kinds":[9,8]})");
  EXPECT_EQ(json_of("\x08\x01\x42\x04\x08\x05\x10\x09"s), R"({"id":1,"byId":{"5":9}})");
  EXPECT_EQ(json_of("\x08\x01\x50\x09"s), R"({"id":1,"x":9})");
}

TEST_F(Proto2, TextIsUtf8) {
  EXPECT_EQ(json_of("\x08\x01\x4a\x01\xff"s), "bad: text: is not valid UTF-8");
}

TEST_F(Proto2, NamesThatClashStayAsTheyAre) {
  EXPECT_EQ(json("a_b: 1 aB: 2", "p.Clash"), R"({"a_b":1,"aB":2})");
}

}  // namespace
}  // namespace kpipe
