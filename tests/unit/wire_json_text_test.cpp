// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "common/wire/json_reader.hpp"

namespace kpipe {
namespace {

std::string json_string(std::string_view text) {
  OutBuffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

std::string json_bytes(std::string_view bytes) {
  OutBuffer out;
  append_json_bytes(out, bytes);
  return std::string(out.view());
}

std::string base64(std::string_view bytes) {
  OutBuffer out;
  append_base64(out, bytes);
  return std::string(out.view());
}

/// RFC 3629 section 4, read literally.
bool naive_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return at(i) >= 0x80 && at(i) <= 0xBF; };
  std::size_t i = 0;
  while (i < bytes.size()) {
    const unsigned c = at(i);
    const unsigned next = at(i + 1);
    if (c <= 0x7F) {
      i += 1;
    } else if (c >= 0xC2 && c <= 0xDF && tail(i + 1)) {
      i += 2;
    } else if (((c == 0xE0 && next >= 0xA0 && next <= 0xBF) ||
                (c == 0xED && next >= 0x80 && next <= 0x9F) ||
                (c >= 0xE1 && c <= 0xEF && c != 0xED && tail(i + 1))) &&
               tail(i + 2)) {
      i += 3;
    } else if (((c == 0xF0 && next >= 0x90 && next <= 0xBF) ||
                (c == 0xF4 && next >= 0x80 && next <= 0x8F) ||
                (c >= 0xF1 && c <= 0xF3 && tail(i + 1))) &&
               tail(i + 2) && tail(i + 3)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

/// RFC 8259 section 7, read literally.
std::string naive_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const std::size_t at = std::string_view("\"\\\b\f\n\r\t").find(c);
    if (at != std::string_view::npos) {
      out += {'\\', "\"\\bfnrt"[at]};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[c >> 4];
      out += "0123456789abcdef"[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

TEST(WireJsonString, escapes_each_byte_at_each_place_of_a_word) {
  for (std::size_t length = 0; length <= 17; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (unsigned c = 0; c < 0x100; ++c) {
        for (const char around : {'a', '\x7f', '"', '\x1f', '\xbf'}) {
          std::string text(length, around);
          text[at] = static_cast<char>(c);
          ASSERT_EQ(json_string(text), naive_string(text)) << c << " at " << at << " of " << length;
        }
      }
    }
  }
}

TEST(WireJsonString, escapes_texts_of_several_pieces) {
  std::mt19937 random(1);
  for (std::size_t size = 4090; size < 4105; ++size) {
    std::string text(size * 3, 'x');
    for (std::size_t i = 0; i < 200; ++i)
      text[random() % text.size()] = static_cast<char>(random());
    ASSERT_EQ(json_string(text), naive_string(text));
  }
  const std::string worst(10'000, '\x01');
  EXPECT_EQ(json_string(worst), naive_string(worst));
}

TEST(WireJsonString, escapes_each_byte_that_must_be_and_no_other) {
  constexpr std::array<std::pair<char, const char*>, 7> named{{{'"', "\\\""},
                                                               {'\\', "\\\\"},
                                                               {'\b', "\\b"},
                                                               {'\f', "\\f"},
                                                               {'\n', "\\n"},
                                                               {'\r', "\\r"},
                                                               {'\t', "\\t"}}};
  for (int byte = 0; byte < 0x80; ++byte) {
    const char c = static_cast<char>(byte);
    std::string expected(1, c);
    if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
      expected = escape.data();
    }
    for (const auto& [plain, escaped] : named) {
      if (plain == c) expected = escaped;
    }
    EXPECT_EQ(json_string({&c, 1}), '"' + expected + '"') << byte;
    EXPECT_EQ(json_string(std::string("ab") + c + "yz"), "\"ab" + expected + "yz\"") << byte;
  }
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("Grüße 😀 \xE2\x80\xA8"), "\"Grüße 😀 \xE2\x80\xA8\"");
  EXPECT_EQ(json_string("</script>"), "\"</script>\"");
}

TEST(WireJsonString, reads_back_what_was_written) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(random() % 0x80);
    std::string back;
    ASSERT_TRUE(append_unescaped(back, json_string(text)));
    ASSERT_EQ(back, text);
  }
}

TEST(WireUtf8, every_code_point_but_surrogates_is_valid) {
  std::string text;
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    text.clear();
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      text += static_cast<char>(0xE0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | code >> 18);
      text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    }
    if (code >= 0x80) text += static_cast<char>(0x80 | (code & 0x3F));
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(text), !surrogate) << std::hex << code;
  }
}

TEST(WireUtf8, refuses_each_kind_of_damage) {
  const std::array<std::string_view, 18> bad{
      "\x80",              // a continuation byte alone
      "\xBF",              //
      "\xC3",              // cut short
      "\xE2\x82",          //
      "\xF0\x9F\x98",      //
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong
      "\xE0\x80\x80",      //
      "\xE0\x9F\xBF",      //
      "\xF0\x80\x80\x80",  //
      "\xF0\x8F\xBF\xBF",  //
      "\xED\xA0\x80",      // the first surrogate
      "\xED\xBF\xBF",      // the last
      "\xF4\x90\x80\x80",  // U+110000
      "\xF5\x80\x80\x80",  // beyond
      "\xFE",
      "\xFF",      // never bytes of UTF-8
      "\xC3\x28",  // a lead byte without its tail
  };
  for (const std::string_view text : bad) {
    EXPECT_FALSE(is_valid_utf8(text));
    // Wherever it stands, also across the eight bytes that are looked at together.
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string padded = std::string(before, 'a') + std::string(text);
      EXPECT_FALSE(is_valid_utf8(padded)) << before;
      EXPECT_FALSE(is_valid_utf8(padded + "z")) << before;
    }
  }
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
}

TEST(WireUtf8, agrees_with_the_rfc_on_random_bytes) {
  std::mt19937 random(11);
  constexpr std::array<unsigned char, 12> likely{0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED,
                                                 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0x41};
  for (int round = 0; round < 300'000; ++round) {
    std::string text(random() % 12, ' ');
    for (char& c : text) {
      c = static_cast<char>(random() % 3 == 0 ? random() : likely[random() % likely.size()]);
    }
    ASSERT_EQ(is_valid_utf8(text), naive_utf8(text)) << round;
  }
}

TEST(WireJsonBytes, nothing_is_lost_that_is_not_text) {
  EXPECT_EQ(json_bytes("text"), "\"text\"");
  EXPECT_EQ(json_bytes(""), "\"\"");
  EXPECT_EQ(json_bytes(std::string_view("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(json_bytes("\xFF\xFE"), "{\"base64\":\"//4=\"}");
}

TEST(WireBase64, follows_rfc_4648) {
  constexpr std::array<std::pair<const char*, const char*>, 7> vectors{{{"", ""},
                                                                        {"f", "Zg=="},
                                                                        {"fo", "Zm8="},
                                                                        {"foo", "Zm9v"},
                                                                        {"foob", "Zm9vYg=="},
                                                                        {"fooba", "Zm9vYmE="},
                                                                        {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64(plain), encoded);
    std::string back;
    EXPECT_TRUE(append_base64_decoded(back, encoded));
    EXPECT_EQ(back, plain);
    std::string bare = encoded;
    while (!bare.empty() && bare.back() == '=') bare.pop_back();
    back.clear();
    EXPECT_TRUE(append_base64_decoded(back, bare)) << "padding may be missing";
    EXPECT_EQ(back, plain);
  }
}

TEST(WireBase64, round_trip_of_all_bytes) {
  std::mt19937 random(5);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string back = "kept ";
    ASSERT_TRUE(append_base64_decoded(back, base64(bytes)));
    ASSERT_EQ(back, "kept " + bytes);
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string back;
  ASSERT_TRUE(append_base64_decoded(back, base64(all)));
  EXPECT_EQ(back, all);
}

TEST(WireBase64, refuses_what_is_none) {
  for (const char* bad : {"Z", "Zg=", "Zm9vY", "Zm=v", "Z===", "=", "==", "====", "Zm9v=", "Zm9v==",
                          "Zm9v====", "Zg ==", "Zm9v\n", "Zm-_", "Zg==Zg=="}) {
    std::string out;
    EXPECT_FALSE(append_base64_decoded(out, bad)) << bad;
  }
}

}  // namespace
}  // namespace kpipe
