// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_decode.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <limits>

#include "common/schema/avro_logical.hpp"
#include "tests/unit/schema_avro.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;
using namespace test;

std::string logical(const std::string& type, const std::string& name, const std::string& bytes) {
  return avro_read(R"({"type":")" + type + R"(","logicalType":")" + name + R"("})", bytes);
}

std::string decimal(const std::string& bytes, int scale) {
  return avro_read(R"({"type":"bytes","logicalType":"decimal","precision":10000,"scale":)" +
                       std::to_string(scale) + "}",
                   avro_bytes(bytes));
}

TEST(AvroDecode, Primitives) {
  EXPECT_EQ(avro_read("\"null\"", ""), "null");
  EXPECT_EQ(avro_read("\"boolean\"", "\1"), "true");
  EXPECT_EQ(avro_read("\"boolean\"", "\0"s), "false");
  EXPECT_EQ(avro_read("\"boolean\"", "\2"), "!a boolean is neither 0 nor 1");
  for (const std::int64_t number : {0L, -1L, 1L, 63L, -64L, 64L, 2147483647L, -2147483648L}) {
    EXPECT_EQ(avro_read("\"int\"", avro_long(number)), std::to_string(number));
    EXPECT_EQ(avro_read("\"long\"", avro_long(number)), std::to_string(number));
  }
  EXPECT_EQ(avro_read("\"int\"", avro_long(2147483648)), "!a number does not fit into an int");
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(avro_read("\"long\"", avro_long(least)), "-9223372036854775808");
  EXPECT_EQ(avro_read("\"long\"", std::string(9, '\xff') + "\2"),
            "!a number has more than 64 bits");
  EXPECT_EQ(avro_read("\"long\"", std::string(10, '\x80') + "\1"),
            "!a number has more than 64 bits");
  EXPECT_EQ(avro_read("\"float\"", avro_float(0.1F)), "0.1");
  EXPECT_EQ(avro_read("\"double\"", avro_float(0.1)), "0.1");
  EXPECT_EQ(avro_read("\"double\"", avro_float(-0.0)), "-0");
  EXPECT_EQ(avro_read("\"double\"", avro_float(5e-324)), "5e-324");
  EXPECT_EQ(avro_read("\"double\"", avro_float(std::numeric_limits<double>::quiet_NaN())),
            "\"NaN\"");
  EXPECT_EQ(avro_read("\"float\"", avro_float(-std::numeric_limits<float>::infinity())),
            "\"-Infinity\"");
  EXPECT_EQ(avro_read("\"bytes\"", avro_bytes("\0\xff"s)), R"({"base64":"AP8="})");
  EXPECT_EQ(avro_read(R"({"type":"fixed","name":"F","size":2})", "ab"), R"({"base64":"YWI="})");
}

TEST(AvroDecode, TextIsEscapedAndMustBeUtf8) {
  const auto text = [](const std::string& bytes) {
    return avro_read("\"string\"", avro_bytes(bytes));
  };
  EXPECT_EQ(text(""), "\"\"");
  // One odd character at each place of a word, and behind words.
  for (std::size_t at = 0; at < 19; ++at) {
    std::string bytes(19, 'x'), json = "\"" + bytes + "\"";
    EXPECT_EQ(text(bytes), json);
    bytes[at] = '"';
    EXPECT_EQ(text(bytes), "\"" + std::string(at, 'x') + "\\\"" + std::string(18 - at, 'x') + "\"");
    bytes[at] = '\\';
    EXPECT_EQ(text(bytes), "\"" + std::string(at, 'x') + "\\\\" + std::string(18 - at, 'x') + "\"");
    bytes[at] = '\n';
    EXPECT_EQ(text(bytes), "\"" + std::string(at, 'x') + "\\n" + std::string(18 - at, 'x') + "\"");
    bytes[at] = '\xff';
    EXPECT_EQ(text(bytes), "!a string is not UTF-8");
  }
  EXPECT_EQ(text("Grüße, Ω"), "\"Grüße, Ω\"");
}

TEST(AvroDecode, ComplexTypes) {
  EXPECT_EQ(avro_read(R"({"type":"array","items":"int"})",
                      avro_long(2) + avro_long(1) + avro_long(2) +  // a block
                          avro_long(-1) + avro_long(1) + avro_long(3) + avro_long(0)),
            "[1,2,3]");
  // A name that is there twice stays there twice.
  EXPECT_EQ(avro_read(R"({"type":"map","values":"int"})", avro_long(2) + avro_bytes("a") +
                                                              avro_long(1) + avro_bytes("a") +
                                                              avro_long(2) + avro_long(0)),
            R"({"a":1,"a":2})");
  EXPECT_EQ(avro_read(R"({"type":"enum","name":"E","symbols":["A","B"]})", avro_long(1)), "\"B\"");
  EXPECT_EQ(avro_read(R"({"type":"record","name":"R","fields":[]})", ""), "{}");
  const std::string list = R"({"type":"record","name":"a.List","fields":[
      {"name":"v","type":"int"},{"name":"next","type":["null","List"]}]})";
  const std::string two = avro_long(1) + avro_long(1) + avro_long(2) + avro_long(0);
  EXPECT_EQ(avro_read(list, two), R"({"v":1,"next":{"v":2,"next":null}})");
  EXPECT_EQ(avro_read(list, two, AvroOutput::avro_json),
            R"({"v":1,"next":{"a.List":{"v":2,"next":null}}})");
}

TEST(AvroDecode, JsonEncodingHasNoLogicalTypes) {
  EXPECT_EQ(avro_read("\"bytes\"", avro_bytes("a\"\xff\n"), AvroOutput::avro_json),
            "\"a\\u0022\\u00ff\\u000a\"");
  EXPECT_EQ(
      avro_read(R"({"type":"int","logicalType":"date"})", avro_long(1), AvroOutput::avro_json),
      "1");
  EXPECT_EQ(avro_read(R"(["null",{"type":"array","items":"int"}])", avro_long(1) + avro_long(0),
                      AvroOutput::avro_json),
            R"({"array":[]})");
}

TEST(AvroDecode, DecimalsKeepTheirDigits) {
  EXPECT_EQ(decimal("\xcf\xcc", 3), "-12.340");
  EXPECT_EQ(decimal("", 2), "0.00");
  EXPECT_EQ(decimal("\0"s, 0), "0");
  EXPECT_EQ(decimal("\x7f", 3), "0.127");
  EXPECT_EQ(decimal("\xff", 3), "-0.001");
  EXPECT_EQ(decimal("\x80", 0), "-128");
  EXPECT_EQ(decimal(std::string(20, '\xff'), 1), "-0.1");
  EXPECT_EQ(decimal("\x80"s + std::string(7, '\0'), 0), "-9223372036854775808");
  EXPECT_EQ(decimal("\x7f"s + std::string(7, '\xff'), 0), "9223372036854775807");
  EXPECT_EQ(decimal("\0\x80"s + std::string(7, '\0'), 0), "9223372036854775808");
  EXPECT_EQ(decimal("\x80"s + std::string(11, '\0'), 5), "-396140812571321687967719.75168");
  EXPECT_EQ(decimal("\x80"s + std::string(15, '\0'), 0),
            "-170141183460469231731687303715884105728");
  // 10^30, with groups of nine zeros within.
  EXPECT_EQ(decimal("\x0c\x9f\x2c\x9c\xd0\x46\x74\xed\xea\x40\0\0\0"s, 0),
            "1" + std::string(30, '0'));
  EXPECT_EQ(decimal(std::string(4096, '\1'), 0).size(), 9862U);
  EXPECT_EQ(decimal(std::string(4097, '\1'), 0), "!a decimal has more than 4096 bytes");
  EXPECT_EQ(avro_read(R"({"type":"fixed","name":"F","size":3,"logicalType":"decimal",
                          "precision":5,"scale":2})",
                      "\xff\xff\x85"),
            "-1.23");
}

TEST(AvroDecode, BigDecimalsBringTheirScale) {
  const auto big = [](const std::string& unscaled, int scale) {
    return logical("bytes", "big-decimal", avro_bytes(avro_bytes(unscaled) + avro_long(scale)));
  };
  EXPECT_EQ(big("\xcf\xcc", 3), "-12.340");
  EXPECT_EQ(big("\x05", -3), "5000");
  EXPECT_EQ(big("\0"s, -3), "0");
  EXPECT_EQ(big("\1", 16384), "!a big-decimal has the scale 16384");
  EXPECT_EQ(logical("bytes", "big-decimal", avro_bytes("\2\1")), "!a big-decimal is none");
}

TEST(AvroDecode, DatesAndTimes) {
  EXPECT_EQ(logical("int", "date", avro_long(20778)), "\"2026-11-21\"");
  EXPECT_EQ(logical("int", "date", avro_long(-1)), "\"1969-12-31\"");
  EXPECT_EQ(logical("int", "date", avro_long(11016)), "\"2000-02-29\"");
  EXPECT_EQ(logical("int", "date", avro_long(-719162)), "\"0001-01-01\"");
  EXPECT_EQ(logical("int", "date", avro_long(-719163)), "\"0000-12-31\"");
  EXPECT_EQ(logical("int", "date", avro_long(-719529)), "\"-0001-12-31\"");
  EXPECT_EQ(logical("int", "date", avro_long(2932896)), "\"9999-12-31\"");
  EXPECT_EQ(logical("int", "date", avro_long(2932897)), "\"+10000-01-01\"");
  EXPECT_EQ(logical("int", "date", avro_long(-2147483648)), "\"-5877641-06-23\"");
  EXPECT_EQ(logical("int", "time-millis", avro_long(45296789)), "\"12:34:56.789\"");
  EXPECT_EQ(logical("long", "time-micros", avro_long(86399999999)), "\"23:59:59.999999\"");
  EXPECT_EQ(logical("long", "time-micros", avro_long(86400000000)), "86400000000");
  EXPECT_EQ(logical("int", "time-millis", avro_long(-1)), "-1");
  EXPECT_EQ(logical("long", "timestamp-millis", avro_long(-1)), "\"1969-12-31T23:59:59.999Z\"");
  EXPECT_EQ(logical("long", "timestamp-micros", avro_long(1795264496000045)),
            "\"2026-11-21T12:34:56.000045Z\"");
  EXPECT_EQ(logical("long", "timestamp-nanos", avro_long(1)), "\"1970-01-01T00:00:00.000000001Z\"");
  EXPECT_EQ(logical("long", "local-timestamp-millis", avro_long(0)), "\"1970-01-01T00:00:00.000\"");
  EXPECT_EQ(logical("long", "local-timestamp-micros", avro_long(0)),
            "\"1970-01-01T00:00:00.000000\"");
  EXPECT_EQ(logical("long", "local-timestamp-nanos", avro_long(0)),
            "\"1970-01-01T00:00:00.000000000\"");
  EXPECT_EQ(
      logical("long", "timestamp-millis", avro_long(std::numeric_limits<std::int64_t>::max())),
      "\"+292278994-08-17T07:12:55.807Z\"");
  EXPECT_EQ(
      logical("long", "timestamp-millis", avro_long(std::numeric_limits<std::int64_t>::min())),
      "\"-292275055-05-16T16:47:04.192Z\"");
}

TEST(AvroDecode, TheCalendarHasEveryDay) {
  constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = -800, month = 1, day = 1;
  OutBuffer out;
  for (std::int64_t days = -1'011'722; year < 2500; ++days) {
    char want[32];
    std::snprintf(want, sizeof want, "\"%s%04d-%02d-%02d\"", year < 0 ? "-" : "", std::abs(year),
                  month, day);
    out.clear();
    append_date(out, days);
    ASSERT_EQ(out.view(), std::string_view(want));
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (++day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0)) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    ++year;
  }
}

TEST(AvroDecode, DurationsAndUuids) {
  EXPECT_EQ(avro_read(R"({"type":"fixed","name":"D","size":12,"logicalType":"duration"})",
                      "\1\0\0\0\2\1\0\0\xff\xff\xff\xff"s),
            R"({"months":1,"days":258,"milliseconds":4294967295})");
  EXPECT_EQ(avro_read(R"({"type":"fixed","name":"U","size":16,"logicalType":"uuid"})",
                      "\xb7\xb4\xa7\xf0\x9c\x96\x4e\x4a\xa6\x87\xfb\x5d\xe9\xef\x0c\x63"),
            "\"b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63\"");
  EXPECT_EQ(logical("string", "uuid", avro_bytes("any")), "\"any\"");
}

TEST(AvroDecode, BadDataSaysWhere) {
  const std::string order = R"({"type":"record","name":"Order","fields":[
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
      {"name":"tags","type":{"type":"map","values":"boolean"}}]}}}]})";
  const std::string good = avro_long(1) + avro_bytes("a") + "\1" + avro_long(0);
  const std::string wrong = avro_long(1) + avro_bytes("b\"") + "\3" + avro_long(0);
  EXPECT_EQ(avro_read(order, avro_long(2) + good + wrong + avro_long(0)),
            R"(!field lines[1].tags["b\""]: a boolean is neither 0 nor 1)");
  EXPECT_EQ(avro_read("\"string\"", avro_long(-1)), "!a length is negative");
  EXPECT_EQ(avro_read("\"string\"", avro_long(4) + "abc"), "!ends inside the value");
  EXPECT_EQ(avro_read("\"int\"", avro_long(4) + "a"), "!a byte is left over behind the value");
  EXPECT_EQ(avro_read("\"null\"", "ab"), "!2 bytes are left over behind the value");
  EXPECT_EQ(avro_read(R"(["null","int"])", avro_long(2)), "!a union has branch 2 of 2");
  EXPECT_EQ(avro_read(R"(["null","int"])", avro_long(-1)), "!a union has branch -1 of 2");
  EXPECT_EQ(avro_read(R"({"type":"enum","name":"E","symbols":["A"]})", avro_long(1)),
            "!an enum has symbol 1 of 1");
  EXPECT_EQ(avro_read(R"({"type":"array","items":"int"})",
                      avro_long(-1) + avro_long(2) + avro_long(3) + "ab"),
            "!a block has other bytes than it says");
}

TEST(AvroDecode, WhateverIsClaimedEnds) {
  const std::string many = avro_long(std::int64_t{1} << 60);
  const std::string most = avro_long(std::numeric_limits<std::int64_t>::min()) + avro_long(0);
  EXPECT_EQ(avro_read(R"({"type":"array","items":"int"})", many + "abc"),
            "!a block claims more items (1152921504606846976) than the bytes left (3) have room "
            "for");
  const std::string nulls = R"({"type":"array","items":"null"})";
  EXPECT_NE(avro_read(nulls, many + avro_long(0)).find("prints far more than"), std::string::npos);
  EXPECT_NE(avro_read(nulls, most).find("prints far more than"), std::string::npos);
  // Each level doubles what takes no bytes.
  std::string twice = R"("null")";
  for (int i = 0; i < 50; ++i) {
    const std::string name = "R" + std::to_string(i);
    twice = R"({"type":"record","name":")" + name + R"(","fields":[{"name":"a","type":)" + twice +
            R"(},{"name":"b","type":)" +
            (i == 0 ? "\"null\"" : "\"R" + std::to_string(i - 1) + "\"") + "}]}";
  }
  EXPECT_NE(avro_read(twice, "").find("prints far more than"), std::string::npos);
  const std::string list =
      R"({"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]})";
  EXPECT_EQ(avro_read(list, std::string(99, '\2') + "\0"s).back(), '}');
  EXPECT_NE(avro_read(list, std::string(200, '\2')).find("is nested deeper than 100"),
            std::string::npos);
  EXPECT_NE(avro_read(R"({"type":"record","name":"R","fields":[{"name":"r","type":"R"}]})", "")
                .find("is nested deeper than 100"),
            std::string::npos);
}

}  // namespace
}  // namespace kpipe
