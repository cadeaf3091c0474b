// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/schema_proto.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;

const std::string kText = R"(syntax = "proto3";
package w;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message M {
  google.protobuf.Timestamp at = 1;
  google.protobuf.Duration took = 2;
  google.protobuf.FieldMask mask = 3;
  google.protobuf.Struct data = 4;
  google.protobuf.Value value = 5;
  google.protobuf.ListValue list = 6;
  google.protobuf.Any any = 7;
  google.protobuf.Empty empty = 8;
  google.protobuf.Int64Value i64 = 9;
  google.protobuf.BoolValue yes = 10;
  google.protobuf.BytesValue data_of = 11;
  google.protobuf.FloatValue single = 12;
  google.protobuf.StringValue text = 13;
  google.protobuf.NullValue nothing = 14;
  repeated google.protobuf.Value values = 15;
  oneof o { google.protobuf.NullValue null = 16; int32 number = 17; }
  repeated google.protobuf.Timestamp times = 18;
}
message Item { string sku = 1; Item inner = 2; google.protobuf.Any any = 3; })";

class WellKnownTypes : public testing::Test {
 protected:
  std::string json(const std::string& text) {
    return proto_json(schema_, "w.M", proto_bytes(*schema_, "w.M", text));
  }
  std::string at(const std::string& text) { return json("at {" + text + "}"); }
  std::string took(const std::string& text) { return json("took {" + text + "}"); }
  std::string any(const std::string& url, const std::string& value) {
    std::string escaped;
    for (const unsigned char c : value) {
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", c);
      escaped += octal;
    }
    return json("any { type_url: \"" + url + "\" value: \"" + escaped + "\" }");
  }

  std::shared_ptr<const ProtoSchema> schema_ = proto_schema(kText);
};

TEST_F(WellKnownTypes, Timestamps) {
  EXPECT_EQ(at(""), R"({"at":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(at("seconds: 1795246448 nanos: 120000000"), R"({"at":"2026-11-21T07:34:08.120Z"})");
  EXPECT_EQ(at("seconds: -1 nanos: 1000"), R"({"at":"1969-12-31T23:59:59.000001Z"})");
  EXPECT_EQ(at("seconds: 951782400 nanos: 1"), R"({"at":"2000-02-29T00:00:00.000000001Z"})");
  EXPECT_EQ(at("seconds: -62135596800"), R"({"at":"0001-01-01T00:00:00Z"})");
  EXPECT_EQ(at("seconds: 253402300799 nanos: 999999999"),
            R"({"at":"9999-12-31T23:59:59.999999999Z"})");
  EXPECT_EQ(at("seconds: 253402300800"), "bad: at: is outside of the years 1 to 9999");
  EXPECT_EQ(at("seconds: -62135596801"), "bad: at: is outside of the years 1 to 9999");
  EXPECT_EQ(at("nanos: -1"), "bad: at: has nanos outside of 0 to 999999999");
  EXPECT_EQ(json("times {} times { nanos: 1000000000 }"),
            "bad: times[1]: has nanos outside of 0 to 999999999");
}

TEST_F(WellKnownTypes, Durations) {
  EXPECT_EQ(took(""), R"({"took":"0s"})");
  EXPECT_EQ(took("seconds: 1 nanos: 500000000"), R"({"took":"1.500s"})");
  EXPECT_EQ(took("nanos: -1"), R"({"took":"-0.000000001s"})");
  EXPECT_EQ(took("seconds: -315576000000 nanos: -999999999"),
            R"({"took":"-315576000000.999999999s"})");
  EXPECT_EQ(took("seconds: 315576000001"), "bad: took: is longer than 10000 years");
  EXPECT_EQ(took("seconds: 1 nanos: -1"), "bad: took: has seconds and nanos of different signs");
  EXPECT_EQ(took("nanos: 1000000000"), "bad: took: has nanos outside of -999999999 to 999999999");
}

TEST_F(WellKnownTypes, FieldMasks) {
  EXPECT_EQ(json("mask {}"), R"({"mask":""})");
  EXPECT_EQ(json(R"(mask { paths: "a.b_c" paths: "d" })"), R"({"mask":"a.bC,d"})");
  for (const char* path : {"aB", "a__b", "a_", "a_1", "a,b"}) {
    EXPECT_EQ(json("mask { paths: \"" + std::string(path) + "\" }"),
              "bad: mask: has a path that lowerCamelCase cannot show");
  }
}

TEST_F(WellKnownTypes, StructsAreJson) {
  EXPECT_EQ(json(R"(data { fields { key: "a" value { number_value: 1.5 } }
                          fields { key: "b" value { struct_value {} } }
                          fields { key: "c" value { list_value { values { bool_value: true }
                                                                 values { null_value: NULL_VALUE }
                                                                 values { string_value: "x" } } } } })"),
            R"({"data":{"a":1.5,"b":{},"c":[true,null,"x"]}})");
  EXPECT_EQ(json("value { null_value: NULL_VALUE }"), R"({"value":null})");
  EXPECT_EQ(json("value {} list {} values { number_value: 3 } values {}"),
            R"({"value":null,"list":[],"values":[3,null]})");
  EXPECT_EQ(json("value { number_value: nan }"),
            "bad: value: is NaN or infinite, which JSON has not");
  EXPECT_EQ(json(R"(data { fields { key: "a" value { number_value: inf } } })"),
            "bad: data.fields[a]: is NaN or infinite, which JSON has not");
}

TEST_F(WellKnownTypes, Wrappers) {
  EXPECT_EQ(json("i64 {} yes {} data_of {} single {} text {}"),
            R"({"i64":"0","yes":false,"dataOf":"","single":0,"text":""})");
  EXPECT_EQ(json(R"(i64 { value: -5 } data_of { value: "\377" } single { value: 0.1 })"),
            R"({"i64":"-5","dataOf":"/w==","single":0.1})");
  EXPECT_EQ(json("empty {} nothing: NULL_VALUE null: NULL_VALUE"), R"({"empty":{},"null":null})");
}

TEST_F(WellKnownTypes, AnyIsWhatItHolds) {
  EXPECT_EQ(json("any {}"), R"({"any":{}})");
  EXPECT_EQ(any("type.googleapis.com/w.Item", "\x0a\x01\x61"),
            R"({"any":{"@type":"type.googleapis.com/w.Item","sku":"a"}})");
  EXPECT_EQ(any("x/google.protobuf.Duration", "\x08\x01"),
            R"({"any":{"@type":"x/google.protobuf.Duration","value":"1s"}})");
  EXPECT_EQ(any("x/google.protobuf.Empty", ""), R"({"any":{"@type":"x/google.protobuf.Empty"}})");
  EXPECT_EQ(any("x/w.None", "\x08\x01"), R"({"any":{"@type":"x/w.None","value":"CAE="}})");
  EXPECT_EQ(any("x/google.protobuf.Method", "\x0a\x01m"),
            R"({"any":{"@type":"x/google.protobuf.Method","name":"m"}})")
      << "of a file that the schema does not import";
  EXPECT_EQ(any("x/w.Item", "\x0a\x05"), "bad: any.sku: has a length of 5, with 0 bytes left");
  EXPECT_EQ(any("x/w.Item", "\x12\x02\x12\x00"s),
            R"({"any":{"@type":"x/w.Item","inner":{"inner":{}}}})");
}

TEST_F(WellKnownTypes, OnlyTheRealOnes) {
  const auto own = proto_schema(R"(syntax = "proto3"; package google.protobuf;
message Timestamp { string seconds = 1; } message M { Timestamp at = 1; })");
  EXPECT_EQ(proto_json(own, "google.protobuf.M", "\x0a\x03\x0a\x01x"), R"({"at":{"seconds":"x"}})");
}

TEST_F(WellKnownTypes, AnyNestsNoDeeperThanOthers) {
  std::string bytes;
  for (int depth = 1; depth < 120; ++depth) {
    const std::string url = "/w.Item";
    std::string any_bytes = "\x0a\x07" + url;
    const auto put = [](std::string& to, char tag, const std::string& value) {
      to += tag;
      for (std::size_t size = value.size();; size >>= 7) {
        to += static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
        if (size <= 0x7F) break;
      }
      to += value;
    };
    put(any_bytes, '\x12', bytes);
    bytes.clear();
    put(bytes, '\x1a', any_bytes);
  }
  EXPECT_TRUE(proto_json(schema_, "w.Item", bytes).ends_with("nests deeper than 100"));
}

}  // namespace
}  // namespace kpipe
