// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdexcept>

#include "common/base/fd.hpp"
#include "common/schema/json_schema.hpp"
#include "common/schema/json_schema_learn.hpp"
#include "common/schema/json_schema_payload.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;

std::string check(const std::string& schema, const std::string& value) {
  return JsonSchema(schema, {}).check(parse_json_tree(value, 256));
}

std::string refusal(const std::string& schema) {
  try {
    const JsonSchema read(schema, {});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

JsonNumber number(const char* text) {
  return JsonNumber(text);
}

TEST(JsonNumber, compares_digits_and_no_doubles) {
  EXPECT_EQ(number("1.50"), number("15e-1"));
  EXPECT_EQ(number("-0.0"), number("0"));
  EXPECT_LT(number("9007199254740992"), number("9007199254740993"));
  EXPECT_LT(number("-1e400"), number("-1"));
  EXPECT_GT(number("1e400"), number("1e399"));
  EXPECT_GT(number("0.1000000000000000000001"), number("0.1"));
  EXPECT_LT(number("-2"), number("-1"));
  EXPECT_LT(number("-1"), number("0"));
  EXPECT_GT(number("1e-400"), number("0"));
  EXPECT_GT(number("1e999999999999999999999"), number("1e999999"));
  for (const char* const whole : {"0", "1.0", "1e2", "-12.50e1", "1e400"})
    EXPECT_TRUE(number(whole).is_integer()) << whole;
  for (const char* const broken : {"0.5", "1e-1", "125e-2"})
    EXPECT_FALSE(number(broken).is_integer()) << broken;
  EXPECT_TRUE(number("0.3").is_multiple_of(number("0.1")));
  EXPECT_TRUE(number("19.99").is_multiple_of(number("0.01")));
  EXPECT_FALSE(number("19.995").is_multiple_of(number("0.01")));
  EXPECT_TRUE(number("1e400").is_multiple_of(number("3e-1")) ==
              number("1e401").is_multiple_of(number("3")));
  EXPECT_TRUE(number("123456789012345678901234567890").is_multiple_of(number("10")));
  EXPECT_FALSE(number("123456789012345678901234567891").is_multiple_of(number("10")));
  EXPECT_FALSE(number("0").fits_divisor());
  EXPECT_FALSE(number("1234567890123456789").fits_divisor());
}

TEST(JsonPattern, is_held_against_characters_anywhere) {
  EXPECT_TRUE(JsonPattern("^.$").found_in("\xc3\xa9"));
  EXPECT_TRUE(JsonPattern("[\xc3\xa4-\xc3\xbc]").found_in("x\xc3\xb6"));
  EXPECT_TRUE(JsonPattern("b").found_in("abc"));
  EXPECT_FALSE(JsonPattern("^b").found_in("abc"));
  EXPECT_TRUE(JsonPattern("^(?!.*evil)[a-z]+$").found_in("good"));
  EXPECT_FALSE(JsonPattern("^(?!.*evil)[a-z]+$").found_in("soevil"));
  EXPECT_EQ(utf8_length("a\xc3\xa9\xf0\x9f\x98\x80"), 3U);
}

/// What would take a backtracking search ages, or the stack.
TEST(JsonPattern, refuses_back_references_however_large) {
  for (const char* bad : {R"((a)\1)", R"(\92233720368547758072345678901)", R"(\09)", R"(\\\7)"})
    EXPECT_THROW(JsonPattern{bad}, std::invalid_argument) << bad;
  EXPECT_TRUE(
      JsonPattern(R"(^\\1234567890123456789012345$)").found_in(R"(\1234567890123456789012345)"));
  EXPECT_TRUE(JsonPattern(R"(\0)").found_in(std::string_view("a\0", 2)));
}

TEST(JsonPattern, takes_time_by_the_length_of_the_text_alone) {
  EXPECT_FALSE(JsonPattern("^(a+)+$").found_in(std::string(2'000, 'a') + "b"));
  EXPECT_TRUE(JsonPattern("^[a-z]+$").found_in(std::string(300'000, 'a')));
  EXPECT_THROW(JsonPattern("(a)\\1"), std::invalid_argument);
  EXPECT_THROW(JsonPattern("("), std::invalid_argument);
  EXPECT_THROW(JsonPattern(std::string(300, '(') + std::string(300, ')')), std::invalid_argument);
  EXPECT_THROW(JsonPattern("((a{1000}){1000}){1000}"), std::invalid_argument);
  EXPECT_THROW(JsonPattern(std::string(2'001, 'a')), std::invalid_argument);
}

TEST(JsonDocuments, resolves_addresses) {
  EXPECT_EQ(resolve_uri("", "a.json#/b"), "a.json#/b");
  EXPECT_EQ(resolve_uri("http://h/d/s.json", "#/x"), "http://h/d/s.json#/x");
  EXPECT_EQ(resolve_uri("http://h/d/s.json#old", "t.json"), "http://h/d/t.json");
  EXPECT_EQ(resolve_uri("http://h/d/s.json", "../t.json"), "http://h/t.json");
  EXPECT_EQ(resolve_uri("http://h/d/s.json", "/t.json"), "http://h/t.json");
  EXPECT_EQ(resolve_uri("http://h", "t.json"), "http://h/t.json");
  EXPECT_EQ(resolve_uri("http://h/d/", "./e/"), "http://h/d/e/");
  EXPECT_EQ(resolve_uri("http://h/d", "urn:x:y#z"), "urn:x:y#z");
  EXPECT_EQ(resolve_uri("d/s.json", "t.json"), "d/t.json");
}

TEST(JsonSchema, says_where_and_by_which_rule) {
  const std::string order =
      R"({"type":"object","required":["id"],"properties":{"id":{"type":"integer"},)"
      R"("lines":{"type":"array","items":{"properties":{"a/b":{"maximum":100}},)"
      R"("additionalProperties":false}}}})";
  EXPECT_EQ(check(order, R"({"id":7,"lines":[{"a/b":100}]})"), "");
  EXPECT_EQ(check(order, "[]"), "is not of type object");
  EXPECT_EQ(check(order, "{}"), "lacks 'id', which is required");
  EXPECT_EQ(check(order, R"({"id":"7"})"), "/id: is not of type integer");
  EXPECT_EQ(check(order, R"({"id":7,"lines":[{},{"a/b":101}]})"),
            "/lines/1/a~1b: is more than maximum allows");
  EXPECT_EQ(check(order, R"({"id":7,"lines":[{"x":1}]})"),
            "/lines/0: has the member 'x', which additionalProperties forbids");
  EXPECT_EQ(check(R"({"anyOf":[{"type":"null"},{"minLength":2}]})", R"("a")"),
            "satisfies none of anyOf");
  EXPECT_EQ(check(R"({"oneOf":[{"minLength":1},{"minLength":2}]})", R"("abc")"),
            "satisfies 2 of oneOf");
  EXPECT_EQ(check(R"({"pattern":"^[0-9]+$"})", R"("a")"), "does not match pattern ^[0-9]+$");
  EXPECT_EQ(check(R"({"enum":[1,{"a":[2.0]}]})", R"({"a":[2]})"), "");
  EXPECT_EQ(check(R"({"enum":[1]})", "2"), "is none of enum");
}

TEST(JsonSchema, takes_numbers_of_any_size) {
  EXPECT_EQ(check(R"({"type":"integer"})", "123456789012345678901234567890"), "");
  EXPECT_EQ(check(R"({"type":"integer"})", "1e400"), "");
  EXPECT_EQ(check(R"({"type":"number","maximum":1e500})", "1e400"), "");
  EXPECT_EQ(check(R"({"maximum":9007199254740992})", "9007199254740993"),
            "is more than maximum allows");
  EXPECT_EQ(check(R"({"multipleOf":0.01})", "4.35"), "");
}

TEST(JsonSchema, follows_references_to_what_is_registered_only) {
  const std::vector<ReferencedSchema> references{
      {"item.json", R"({"$id":"http://shop/item.json","definitions":{"n":{"type":"integer"}},)"
                    R"("properties":{"n":{"$ref":"#/definitions/n"}}})"}};
  for (const char* const reference : {"item.json", "http://shop/item.json"}) {
    const JsonSchema schema(std::string(R"({"items":{"$ref":")") + reference + R"("}})",
                            references);
    EXPECT_EQ(schema.check(parse_json_tree(R"([{"n":1},{"n":"x"}])", 256)),
              "/1/n: is not of type integer");
  }
  EXPECT_TRUE(contains(refusal(R"({"$ref":"http://elsewhere/x.json"})"), "fetches nothing"));
  EXPECT_TRUE(contains(refusal(R"({"$ref":"#/definitions/none"})"), "leads nowhere"));
}

TEST(JsonSchema, refuses_what_it_does_not_understand) {
  EXPECT_EQ(refusal(R"({"type":"strin"})"), "type: 'strin' is none");
  EXPECT_EQ(refusal(R"({"minLength":-1})"),
            "minLength: expected a whole number that is not negative");
  EXPECT_EQ(refusal(R"({"properties":{"a":{"multipleOf":0}}})"),
            "multipleOf: expected a number above 0, of 18 digits at most");
  EXPECT_TRUE(contains(refusal(R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})"),
                       "drafts 4, 6 and 7"));
  EXPECT_TRUE(contains(refusal(R"({"unevaluatedProperties":false})"), "of a later one"));
  EXPECT_EQ(refusal(R"({"$schema":"http://json-schema.org/draft-07/schema#","prefixItems":[]})"),
            "");
  EXPECT_EQ(refusal("nonsense"), "is not valid JSON");
  EXPECT_EQ(refusal("[]"), "a schema is an object, true or false");
  EXPECT_TRUE(contains(refusal(R"({"pattern":"("})"), "no regular expression"));
}

/// Schemas and values that are made to take time, memory or the stack.
TEST(JsonSchema, ends_whatever_it_meets) {
  EXPECT_TRUE(contains(check(R"({"$ref":"#"})", "1"), "refers to itself without end"));
  EXPECT_TRUE(contains(check(R"({"allOf":[{"$ref":"#"}]})", "1"), "refers to itself without end"));
  const std::string twice = R"({"items":{"anyOf":[{"$ref":"#"},{"$ref":"#"}]},"maxItems":1})";
  std::string deep = "[1,2]";
  for (int i = 0; i < 200; ++i) deep = "[" + deep + "]";
  EXPECT_TRUE(contains(check(twice, deep), "steps to check"));
  std::string many = "[0";
  for (int i = 1; i < 50'000; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(check(R"({"uniqueItems":true})", many + "]"), "");
  EXPECT_EQ(check(R"({"uniqueItems":true})", many + ",7.0]"),
            "has two equal items, and uniqueItems forbids it");
  const std::string name(200'000, 'a');
  EXPECT_EQ(
      check(R"({"patternProperties":{"^[a-z]+$":{"type":"null"}}})", R"({")" + name + R"(":null})"),
      "");
}

std::string learned(const std::vector<std::string>& values) {
  JsonSchemaLearner learner;
  for (const std::string& value : values) learner.add(value);
  const std::string text = learner.schema();
  const JsonSchema schema(text, {});
  for (const std::string& value : values)
    EXPECT_EQ(schema.check(parse_json_tree(value, 256)), "") << text << value;
  return text;
}

TEST(JsonSchemaLearner, tells_types_and_what_is_always_there) {
  EXPECT_EQ(learned({R"({"id":1,"total":2,"tags":["a"],"note":null})",
                     R"({"id":2,"total":2.5,"tags":[],"extra":{"x":true}})"}),
            R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "extra": {
      "type": "object",
      "properties": {
        "x": {
          "type": "boolean"
        }
      },
      "required": ["x"]
    },
    "id": {
      "type": "integer"
    },
    "note": {
      "type": "null"
    },
    "tags": {
      "type": "array",
      "items": {
        "type": "string"
      }
    },
    "total": {
      "type": "number"
    }
  },
  "required": ["id", "tags", "total"]
}
)");
  EXPECT_TRUE(contains(learned({"1", "null", "\"x\""}), R"(["null", "integer", "string"])"));
  EXPECT_EQ(learned({}), "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\"\n}\n");
  learned({R"({"a":1,"a":"x"})"});
}

TEST(JsonSchemaLearner, stays_small) {
  std::string many = "{";
  for (int i = 0; i < 2'000; ++i)
    many += (i > 0 ? "," : "") + std::string("\"id") + std::to_string(i) + "\":1";
  EXPECT_LT(learned({R"({"id1":"x"})", many + "}", R"({"id1":null})"}).size(), 200U);
  std::string deep = "1";
  for (int i = 0; i < 200; ++i) deep = "{\"a\":" + deep + "}";
  EXPECT_LT(learned({deep}).size(), 30'000U);
  JsonSchemaLearner learner;
  for (int i = 0; i < 40'000; ++i) {
    const std::string one = std::to_string(i % 900);
    const std::string other = std::to_string(i / 900);
    learner.add("{\"a" + one + "\":{\"b" + other + "\":1}}");
  }
  EXPECT_LT(learner.schema().size(), 5'000'000U);
}

TEST(JsonSchemaLearner, writes_its_file_whole) {
  const std::string path = testing::TempDir() + "kpipe_learned.json";
  JsonSchemaLearner learner;
  learner.add("1");
  learner.save(path);
  EXPECT_EQ(read_file(path), learner.schema());
  ::remove(path.c_str());
  EXPECT_TRUE(contains(unit::expect_error(Exit::io, [&] { learner.save("/none/s.json"); }),
                       "--json-schema: /none/s.json"));
}

class Registry final : public SchemaRegistry {
 public:
  SchemaAnswer schema(const SchemaId& id) override {
    ++asked;
    if (id.number == 1) return answer(SchemaType::json, R"({"type":"object"})");
    if (id.number == 2) return answer(SchemaType::avro, "\"string\"");
    if (id.number == 3) return answer(SchemaType::json, R"({"type":7})");
    if (id.number == 4) return {};
    return {SchemaAnswer::State::missing, nullptr, "is unknown"};
  }
  SchemaAnswer latest(const std::string&) override { return {}; }
  int event_fd() const noexcept override { return -1; }
  void clear_event() noexcept override {}

  int asked = 0;

 private:
  static SchemaAnswer answer(SchemaType type, const std::string& text) {
    return {SchemaAnswer::State::ready,
            std::make_shared<const RegisteredSchema>(RegisteredSchema{type, text, {}}), ""};
  }
};

struct Decoding {
  Registry registry;
  std::unique_ptr<PayloadDecoder> decoder;

  std::string operator()(const std::string& bytes) {
    OutBuffer out;
    const Decoded state = decoder->decode("t", bytes, out);
    if (state == Decoded::waiting) return "waiting";
    return state == Decoded::ok ? std::string(out.view())
                                : "bad: " + decoder->reason() + " | " + decoder->remedy();
  }
};

std::string framed(char id, const std::string& payload) {
  return std::string("\0\0\0\0", 4) + id + payload;
}

TEST(JsonSchemaPayload, takes_the_frame_off_and_asks_nobody) {
  Decoding decode;
  decode.decoder = make_json_schema_payload({Framing::confluent, &decode.registry, "", false});
  EXPECT_EQ(decode(framed(9, R"({ "a":1.10 })")), R"({ "a":1.10 })");
  EXPECT_TRUE(contains(decode("{}"), "bad: is not in Confluent's wire format"));
  EXPECT_TRUE(contains(decode(framed(9, "{")), "bad: is not valid JSON"));
  EXPECT_EQ(decode.registry.asked, 0);
}

TEST(JsonSchemaPayload, validates_by_the_schema_of_the_frame) {
  Decoding decode;
  decode.decoder = make_json_schema_payload({Framing::confluent, &decode.registry, "", true});
  EXPECT_EQ(decode(framed(1, "{}")), "{}");
  EXPECT_EQ(decode(framed(1, "[]")), "bad: schema 1: is not of type object | ");
  EXPECT_EQ(decode(framed(2, "{}")), "bad: schema 2 is Avro | To decode it: -f avro");
  EXPECT_TRUE(contains(decode(framed(3, "{}")), "bad: schema 3 cannot be used: type: "));
  EXPECT_EQ(decode(framed(4, "{}")), "waiting");
  EXPECT_EQ(decode(framed(5, "{}")), "bad: schema 5: is unknown | ");
  const int asked = decode.registry.asked;
  decode(framed(1, "{}"));
  decode(framed(3, "{}"));
  EXPECT_EQ(decode.registry.asked, asked);
}

TEST(JsonSchemaPayload, validates_by_a_schema_of_our_own) {
  Decoding decode;
  decode.decoder = make_json_schema_payload({Framing::none, nullptr, R"({"type":"object"})", true});
  EXPECT_EQ(decode("{}"), "{}");
  EXPECT_EQ(decode("[]"), "bad: is not of type object | ");
  EXPECT_TRUE(contains(decode(framed(7, "{}")), "looks like Confluent's wire format, schema 7"));
  EXPECT_EQ(decode(R"({"a":"\ud800"})"),
            "bad: has an escape of half a character, which cannot be held against a schema | ");
  EXPECT_TRUE(contains(
      unit::expect_error(Exit::config,
                         [] {
                           make_json_schema_payload({Framing::none, nullptr, "{\"type\":1}", true});
                         }),
      "--json-schema: type: "));
}

}  // namespace
}  // namespace kpipe
