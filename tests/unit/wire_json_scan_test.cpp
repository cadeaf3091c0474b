// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_scan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// Letter by letter: where a string ends whose first character is at `at`, or kNone.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0x20) return kNone;
    if (text[at] == '"') return at + 1;
    if (text[at] != '\\') continue;
    if (++at == text.size() || static_cast<unsigned char>(text[at]) < 0x20) return kNone;
  }
  return kNone;
}

std::size_t nested_end(std::string_view text, std::size_t at, char close) {
  for (int depth = 1; at < text.size();) {
    const char c = text[at++];
    if (c == '\\') return kNone;
    if (c == '"' && (at = string_end(text, at)) == kNone) return kNone;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return c == close ? at : kNone;
  }
  return kNone;
}

std::size_t place(std::string_view text, const char* end) {
  return end == nullptr ? kNone : static_cast<std::size_t>(end - text.data());
}

/// All that there is to find in `text` from `at` on, whatever stands behind it.
void compare(const std::string& bytes, std::size_t at) {
  for (const char behind : {'\0', '"', '}', '\\'}) {
    const unit::Padded padded(bytes, behind);
    const std::string_view text = padded.view();
    const char* const from = text.data() + at;
    const char* const end = text.data() + text.size();
    ASSERT_EQ(place(text, json_string_end(from, end).end), string_end(text, at)) << text;
    for (const char close : {'}', ']'}) {
      const std::size_t expected = nested_end(text, at, close);
      ASSERT_EQ(place(text, json_nested_end(from, end, close)), expected) << text;
      ASSERT_EQ(place(text, json_nested_end_by_words(from, end, close)), expected) << text;
    }
  }
}

TEST(WireJsonScan, finds_ends_wherever_they_fall_in_a_block) {
  for (std::size_t before = 0; before < 140; ++before) {
    const std::string spaces(before, ' ');
    compare(spaces + R"("a\"}\\\\", {"x": [1, "]"]}}, 7)", 0);
    compare(spaces + R"("a\)" + '\n' + R"("}}]])", 0);
    compare(spaces + "\x01\x1F}{", 0);
    compare(std::string(before, '\\') + R"("}"}"]"}])", 0);
    compare('"' + std::string(before, '\\') + R"("}"}"]"}])", 0);
    compare(std::string(before, '[') + std::string(before, '}') + "]", 0);
  }
}

TEST(WireJsonScan, finds_what_reading_letter_by_letter_finds) {
  std::mt19937 random(7);
  // Few quotes make long strings, many make short ones.
  for (const std::string_view likely :
       {std::string_view("{}[]\"\"\\ab:, 1\xC3"), std::string_view("abcdefgh{}\\\""),
        std::string_view("\"\"{}[]aaaa"), std::string_view("\"\"\"\\\\\\\x01{}aaaaaaaaaaaa")}) {
    for (int round = 0; round < 3000; ++round) {
      std::string text(random() % 300, ' ');
      for (char& c : text) c = likely[random() % likely.size()];
      compare(text, text.empty() ? 0 : random() % text.size());
    }
  }
}

TEST(WireJsonScan, says_whether_a_string_has_escapes) {
  for (const auto& [text, has] : {std::pair{"plain, and longer than a word\"", false},
                                  std::pair{"with a \\n line break, or so\"", true}}) {
    const unit::Padded padded(text);
    const std::string_view view = padded.view();
    EXPECT_EQ(json_string_end(view.data(), view.data() + view.size()).has_escapes, has) << text;
  }
}

}  // namespace
}  // namespace kpipe
