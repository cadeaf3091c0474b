// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_check.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

/// The text as check_line() leaves it, or "refused".
std::string checked(JsonChecker& checker, std::string_view text) {
  unit::Padded line(text);
  if (!checker.check_line(line.data(), text.size())) return "refused";
  return std::string(line.view());
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += inner;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

struct Case {
  const char* name;
  std::string text;
};

const std::vector<Case>& valid_texts() {
  static const std::vector<Case> cases{
      {"y_null", "null"},
      {"y_true", "true"},
      {"y_false", "false"},
      {"y_string", "\"x\""},
      {"y_string_empty", "\"\""},
      {"y_object_empty", "{}"},
      {"y_array_empty", "[]"},
      {"y_object_duplicate_names", R"({"a":1,"a":2})"},
      {"y_object_empty_name", R"({"":0})"},
      {"y_array_mixed", R"([null,1,"1",{},[]])"},
      {"y_white_space_around", "  {\"a\": 1}\t"},
      {"y_number_zero", "0"},
      {"y_number_minus_zero", "-0"},
      {"y_number_minus_zero_point", "-0.0"},
      {"y_number_exponents", "[1e1,1E1,1e+1,1e-1,0e0,1.5e300]"},
      {"y_number_2_to_64", "18446744073709551616"},
      {"y_number_beyond_64_bits", "123456789012345678901234567890"},
      {"y_number_negative_beyond_64_bits", R"({"n":-99999999999999999999})"},
      {"y_number_1e400", "[1e400]"},
      {"y_number_minus_1e400", "[-1e400]"},
      {"y_number_1e_minus_400", "[1e-400]"},
      {"y_number_many_digits", "[0." + std::string(500, '1') + "]"},
      {"y_number_thousand_digits", "[" + std::string(1000, '9') + "]"},
      {"y_string_escapes", R"(["\"\\\/\b\f\n\r\t\u0041\u00e9"])"},
      {"y_string_escaped_nul", R"(["\u0000"])"},
      {"y_string_surrogate_pair", R"(["\ud83d\ude00"])"},
      {"y_string_utf8", "[\"Grüße 漢字 😀\"]"},
      {"y_string_noncharacter", "[\"\xEF\xBF\xBF\"]"},
      {"y_string_del", "[\"\x7f\"]"},
      {"y_string_line_separator", "[\"\xE2\x80\xA8\"]"},
      {"y_string_bom_inside", "[\"\xEF\xBB\xBF\"]"},
  };
  return cases;
}

const std::vector<Case>& invalid_texts() {
  static const std::vector<Case> cases{
      {"n_empty", ""},
      {"n_white_space_only", " "},
      {"n_line_break_only", "\n"},
      {"n_two_values", "1 2"},
      {"n_two_objects", "{}{}"},
      {"n_bare_word", "nul"},
      {"n_capital_true", "True"},
      {"n_long_true", "truee"},
      {"n_nan", "NaN"},
      {"n_infinity", "[-Infinity]"},
      {"n_unclosed_object", R"({"a":1)"},
      {"n_unclosed_array", "[1"},
      {"n_unclosed_string", "\"abc"},
      {"n_unopened", "1]"},
      {"n_mixed_brackets", R"({"a":[1})"},
      {"n_trailing_comma_array", "[1,]"},
      {"n_trailing_comma_object", R"({"a":1,})"},
      {"n_leading_comma", "[,1]"},
      {"n_double_comma", "[1,,2]"},
      {"n_missing_comma", "[1 2]"},
      {"n_missing_colon", R"({"a" 1})"},
      {"n_missing_value", R"({"a":})"},
      {"n_name_without_quotes", "{a:1}"},
      {"n_single_quotes", "{'a':1}"},
      {"n_comment", "[1/*x*/]"},
      {"n_line_comment", "[1] //x"},
      {"n_leading_zero", "01"},
      {"n_leading_zero_negative", "[-012]"},
      {"n_plus", "+1"},
      {"n_point_first", ".5"},
      {"n_point_last", "1."},
      {"n_exponent_empty", "1e"},
      {"n_exponent_sign_only", "[1e+]"},
      {"n_exponent_point", "[1e1.5]"},
      {"n_minus_only", "-"},
      {"n_hex", "0x10"},
      {"n_beyond_64_bits_then_junk", "[123456789012345678901234567890x]"},
      {"n_beyond_64_bits_leading_zero", "[0123456789012345678901234567890]"},
      {"n_1e400_then_trailing_comma", "[1e400,]"},
      {"n_1e400_then_second_value", "1e400 1"},
      {"n_bom", "\xEF\xBB\xBF{}"},
      {"n_bom_before_big_number", "\xEF\xBB\xBF[1e400]"},
      {"n_nul_after", std::string("{}\0", 3)},
      {"n_nul_before", std::string("\0{}", 3)},
      {"n_nul_between", std::string("[1,\0002]", 6)},
      {"n_nul_in_string", std::string("\"a\0b\"", 5)},
      {"n_nul_after_big_number", std::string("[1e400]\0", 8)},
      {"n_nul_and_more_after_big_number", std::string("[1e400]\0junk", 12)},
      {"n_tab_in_string", "\"a\tb\""},
      {"n_line_break_in_string", "\"a\nb\""},
      {"n_unknown_escape", R"("\x41")"},
      {"n_short_unicode_escape", R"("\u12")"},
      {"n_bad_unicode_escape", R"("\u12g4")"},
      {"n_lone_backslash", "\"\\\""},
      {"n_form_feed_between", "[1,\f2]"},
      {"n_no_break_space_between",
       "[1,\xC2\xA0"
       "2]"},
      {"n_utf8_cut", "\"\xC3\""},
      {"n_utf8_overlong", "\"\xC0\xAF\""},
      {"n_utf8_surrogate", "\"\xED\xA0\x80\""},
      {"n_utf8_above_10ffff", "\"\xF4\x90\x80\x80\""},
      {"n_utf8_bad_beside_big_number", "[1e400,\"\xFF\"]"},
      {"n_latin1",
       "\"Gr\xFC\xDF"
       "e\""},
      {"n_utf16", std::string("{\0}\0", 4)},
      {"n_gzip", "\x1f\x8b\x08"},
      {"n_xml", "<a/>"},
      {"n_text", "hello"},
  };
  return cases;
}

TEST(WireJsonCheck, valid_texts_pass_untouched) {
  JsonChecker checker;
  for (const Case& c : valid_texts()) EXPECT_EQ(checked(checker, c.text), c.text) << c.name;
}

TEST(WireJsonCheck, invalid_texts_are_refused) {
  JsonChecker checker;
  for (const Case& c : invalid_texts()) EXPECT_EQ(checked(checker, c.text), "refused") << c.name;
}

/// What follows in the buffer belongs to another row and must not be read as part of this text.
TEST(WireJsonCheck, bytes_behind_the_text_do_not_matter) {
  JsonChecker checker;
  for (const std::string_view behind : {"", "}", "]", "\"", "1", ",2]", "\n{\"x\":", "\0\0"}) {
    for (const Case& c : valid_texts()) {
      unit::Padded line(c.text + std::string(behind));
      EXPECT_TRUE(checker.check_line(line.data(), c.text.size())) << c.name << "+" << behind;
    }
    for (const Case& c : invalid_texts()) {
      unit::Padded line(c.text + std::string(behind));
      EXPECT_FALSE(checker.check_line(line.data(), c.text.size())) << c.name << "+" << behind;
    }
  }
}

/// They are grammatical (RFC 8259 section 8.2): copied like everything else, and whoever must turn
/// them into characters refuses them there (append_unescaped, PostgreSQL).
TEST(WireJsonCheck, lone_surrogate_escapes_pass_untouched) {
  JsonChecker checker;
  for (const char* text :
       {R"("\ud800")", R"("\udc00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00\ud83d")",
        R"([1e400,"\ud800"])", R"([1e400,"\udc00"])", R"({"\udc00":1})", R"({"\ud800":1})"}) {
    EXPECT_EQ(checked(checker, text), text);
  }
  for (const char* text : {R"("\ud8")", R"("\ud800\u")", R"("\ud800\x")", R"("\ud800\")"}) {
    EXPECT_EQ(checked(checker, text), "refused") << text;
  }
}

TEST(WireJsonCheck, depth_ends_at_its_limit) {
  JsonChecker checker;
  for (const char* inner : {"", "1e400"}) {  // decided by simdjson, by the grammar
    for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"a\":[", "]}")}) {
      const std::size_t levels =
          JsonChecker::kMaxDepth / (std::string_view(open).size() > 1 ? 2 : 1);
      const std::string deepest = nested(levels, open, inner, close);
      EXPECT_EQ(checked(checker, deepest), deepest) << inner;
      EXPECT_EQ(checked(checker, "[" + deepest + "]"), "refused") << inner;
    }
  }
  EXPECT_EQ(checked(checker, nested(1'000'000, "[", "", "]")), "refused");
  EXPECT_EQ(checked(checker, std::string(1'000'000, '[')), "refused");
  EXPECT_EQ(checked(checker, "[" + std::string("[],[],[]") + "]"), "[[],[],[]]")
      << "depth is not the count of brackets";
}

TEST(WireJsonCheck, line_breaks_between_tokens_become_spaces) {
  JsonChecker checker;
  EXPECT_EQ(checked(checker, "{\r\n  \"a\" :\n [1,\r2]\n}\n"), "{    \"a\" :  [1, 2] } ");
  EXPECT_EQ(checked(checker, "\n1e400\n"), " 1e400 ");
  EXPECT_EQ(checked(checker, "{\n\"t\":\"a\\nb\\r\\u000a\"\t}"), "{ \"t\":\"a\\nb\\r\\u000a\"\t}")
      << "escapes inside strings stay";
}

TEST(WireJsonCheck, a_large_text_after_a_small_one) {
  JsonChecker checker;
  EXPECT_EQ(checked(checker, "1"), "1");
  std::string large = "[\"";
  large += std::string(3'000'000, 'x') + "\"]";
  EXPECT_TRUE(checked(checker, large) == large);
  large[large.size() - 1] = '}';
  EXPECT_EQ(checked(checker, large), "refused");
  EXPECT_EQ(checked(checker, "2"), "2") << "a refusal leaves no trace";
}

/// Random damage to valid texts: never a crash, never a change but line breaks to spaces.
TEST(WireJsonCheck, survives_damage) {
  JsonChecker checker;
  std::mt19937 random(17);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = valid_texts()[random() % valid_texts().size()].text;
    for (unsigned changes = random() % 3; changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    const std::string result = checked(checker, text);
    if (result == "refused") continue;
    for (char& c : text) {
      if (c == '\n' || c == '\r') c = ' ';
    }
    ASSERT_EQ(result, text);
  }
}

}  // namespace
}  // namespace kpipe
