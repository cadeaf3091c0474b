// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

char letter(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return '0';
    case JsonKind::boolean:
      return 'b';
    case JsonKind::number:
      return 'n';
    case JsonKind::string:
      return 's';
    case JsonKind::object:
      return 'o';
    case JsonKind::array:
      return 'a';
  }
  return '?';
}

/// "name=kind:raw;..." or "refused".
std::string object(JsonReader& reader, std::string_view text) {
  const unit::Padded line(text);
  std::vector<JsonField> fields;
  if (!reader.object(line.view(), fields)) return "refused";
  std::string all;
  for (const JsonField& field : fields) {
    all += std::string(field.name) + "=" + letter(field.value.kind) + ":" +
           std::string(field.value.raw) + ";";
  }
  return all;
}

std::string array(JsonReader& reader, std::string_view text) {
  const unit::Padded line(text);
  std::vector<JsonText> elements;
  if (!reader.array(line.view(), elements)) return "refused";
  std::string all;
  for (const JsonText& element : elements) {
    all += letter(element.kind) + std::string(":") + std::string(element.raw) + ";";
  }
  return all;
}

std::string unescaped(std::string_view quoted) {
  std::string out;
  return append_unescaped(out, quoted) ? out : "refused";
}

TEST(WireJsonReader, takes_one_level_apart_and_touches_nothing) {
  JsonReader reader;
  EXPECT_EQ(object(reader, "{}"), "");
  EXPECT_EQ(object(reader, " { \"a\" : 1 , \"b\" : \"x\" } "), "a=n:1;b=s:\"x\";");
  EXPECT_EQ(object(reader, R"({"n":null,"t":true,"f":false})"), "n=0:null;t=b:true;f=b:false;");
  EXPECT_EQ(object(reader, R"({"o":{"a": [1, {}]},"a":[ 1 ,2]})"),
            R"(o=o:{"a": [1, {}]};a=a:[ 1 ,2];)");
  EXPECT_EQ(object(reader, R"({"n":123456789012345678901234567890,"e":1e400,"z":-0.0})"),
            "n=n:123456789012345678901234567890;e=n:1e400;z=n:-0.0;");
  EXPECT_EQ(object(reader, R"({"s":"a\nb\u0041\"}{"})"), R"(s=s:"a\nb\u0041\"}{";)");
  EXPECT_EQ(object(reader, R"({"a":1,"a":2,"":3})"), "a=n:1;a=n:2;=n:3;") << "duplicates kept";
  EXPECT_EQ(object(reader, R"({"a\u0062c":1,"q\"":2})"), "abc=n:1;q\"=n:2;");
  EXPECT_EQ(array(reader, R"([1,"x",{"a":[]},[],null,true])"),
            R"(n:1;s:"x";o:{"a":[]};a:[];0:null;b:true;)");
  EXPECT_EQ(array(reader, " [ ] "), "");
  EXPECT_EQ(object(reader, "{\"a\":[1 ]  ,\"o\":{\"x\":1}\r\n}"), "a=a:[1 ];o=o:{\"x\":1};")
      << "white space behind a value is none of it";
  EXPECT_EQ(array(reader, "[[1]\t,{} ]"), "a:[1];o:{};");
}

TEST(WireJsonReader, refuses_what_is_not_one_object) {
  JsonReader reader;
  for (const char* bad : {"",
                          " ",
                          "null",
                          "1",
                          "\"a\"",
                          "[]",
                          "{",
                          "}",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{\"a\":1",
                          "{\"a\":1}}",
                          "{\"a\":1} x",
                          "{\"a\":1}{\"b\":2}",
                          "{a:1}",
                          "{\"a\":01}",
                          "{\"a\":1.}",
                          "{\"a\":+1}",
                          "{\"a\":1e}",
                          "{\"a\":--1}",
                          "{\"a\":nul}",
                          "{\"a\":truee}",
                          "{\"a\":1x}",
                          "{\"a\":\"b}",
                          "{\"a\" 1}",
                          "{\"a\":1 \"b\":2}",
                          "{,}",
                          "{\"a\":,}",
                          "{\"a\":\"\xFF\"}",
                          "{\"a\":\"x\ty\"}"}) {
    EXPECT_EQ(object(reader, bad), "refused") << bad;
  }
  for (const char* bad : {"{}", "[1,]", "[1", "[,]", "[1 2]", "[1]]", "[1] 2", "[01]", "[nan]"}) {
    EXPECT_EQ(array(reader, bad), "refused") << bad;
  }
  EXPECT_EQ(object(reader, "{\"a\":1}"), "a=n:1;") << "a refusal leaves no trace";
}

TEST(WireJsonReader, refuses_broken_brackets_and_what_is_no_member_whatever_stands_behind) {
  JsonReader reader;
  std::vector<JsonField> fields;
  std::vector<JsonText> elements;
  for (const std::string bad :
       {R"({"a":"b":1]})", R"({"a":"b":[1]})", R"({"a":[1})", R"({"a":[1}})", R"({"a":{"b":1])",
        R"({"id":7,"a":"b":[1],"o":{],"s":"x"]})", R"([{"a":1])", R"([{"a":1]])", R"(["a":1]])",
        R"([[1})", R"({"n":{"a":"b":1},"x":{}}})", R"([["a":"b"],[]]])"}) {
    for (const char* behind : {"", "}", "]", ",", "\"", "1"}) {
      const unit::Padded line(bad + behind + "\0");
      EXPECT_FALSE(reader.object(line.view().substr(0, bad.size()), fields)) << bad << behind;
      EXPECT_FALSE(reader.array(line.view().substr(0, bad.size()), elements)) << bad << behind;
    }
  }
}

TEST(WireJsonReader, goes_deeper_on_a_fields_own_text) {
  JsonReader reader;
  const unit::Padded line(R"({"outer":{"inner":[10,20]},"after":"]}"})");
  std::vector<JsonField> outer;
  ASSERT_TRUE(reader.object(line.view(), outer));
  std::vector<JsonField> inner;
  ASSERT_TRUE(reader.object(outer[0].value.raw, inner));
  ASSERT_EQ(inner.size(), 1U);
  std::vector<JsonText> numbers;
  ASSERT_TRUE(reader.array(inner[0].value.raw, numbers));
  ASSERT_EQ(numbers.size(), 2U);
  EXPECT_EQ(json_int(numbers[1]), 20);
  EXPECT_EQ(outer[1].value.raw, "\"]}\"") << "plain views outlive later calls";
}

TEST(WireJsonReader, grows_for_a_large_text) {
  JsonReader reader;
  EXPECT_EQ(object(reader, "{\"a\":1}"), "a=n:1;");
  const std::string large(2'000'000, 'x');
  EXPECT_TRUE(object(reader, "{\"v\":\"" + large + "\"}") == "v=s:\"" + large + "\";");
}

TEST(WireJsonReader, survives_random_bytes) {
  JsonReader reader;
  std::mt19937 random(23);
  constexpr std::string_view likely = "{}[]\",:\\0123456789.eE+-truefalsn \n\xC3\xBC";
  std::vector<JsonField> fields;
  std::vector<JsonText> elements;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = random() % 2 == 0 ? "{\"a\":" : "[";
    for (unsigned i = random() % 30; i > 0; --i) text += likely[random() % likely.size()];
    text += random() % 2 == 0 ? "}" : "]";
    const unit::Padded line(text);
    for (const char* end = line.view().data() + line.view().size();
         reader.object(line.view(), fields);) {
      for (const JsonField& field : fields) EXPECT_LE(field.value.raw.data(), end);
      break;
    }
    static_cast<void>(reader.array(line.view(), elements));
  }
}

TEST(WireJsonUnescape, knows_each_escape) {
  EXPECT_EQ(unescaped(R"("")"), "");
  EXPECT_EQ(unescaped(R"("plain")"), "plain");
  EXPECT_EQ(unescaped(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"("a\u0041\u00e9\u00E9z")"), "aAééz");
  EXPECT_EQ(unescaped(R"("\u20ac")"), "€");
  EXPECT_EQ(unescaped(R"("\ud83d\ude00")"), "😀");
  EXPECT_EQ(unescaped(R"("\udbff\udfff")"), "\xF4\x8F\xBF\xBF");
  EXPECT_EQ(unescaped(R"("\u0000")"), std::string(1, '\0'));
}

TEST(WireJsonUnescape, refuses_broken_ones) {
  for (const char* bad : {"", "\"", "x", "\"x", "x\"", R"("\")", R"("\x")", R"("\u")", R"("\u12")",
                          R"("\u123g")", R"("\ud800")", R"("\ud800x")", R"("\ud800\n")",
                          R"("\ud800\u0041")", R"("\udc00")", R"("\ud800\ud800")", R"("\u+123")"}) {
    EXPECT_EQ(unescaped(bad), "refused") << bad;
  }
}

TEST(WireJsonText, reads_plain_strings_and_integers) {
  EXPECT_EQ(plain_string({JsonKind::string, "\"abc\""}), "abc");
  EXPECT_EQ(plain_string({JsonKind::string, "\"\""}), "");
  EXPECT_FALSE(plain_string({JsonKind::string, "\"a\\n\""}));
  EXPECT_FALSE(plain_string({JsonKind::number, "12"}));
  EXPECT_EQ(json_int({JsonKind::number, "-12"}), -12);
  EXPECT_FALSE(json_int({JsonKind::number, "1.0"}));
  EXPECT_FALSE(json_int({JsonKind::number, "9223372036854775808"}));
  EXPECT_FALSE(json_int({JsonKind::string, "\"1\""}));
  EXPECT_FALSE(json_int({JsonKind::null, "null"}));
}

}  // namespace
}  // namespace kpipe
