// SPDX-License-Identifier: Apache-2.0
#include "common/base/out_buffer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace kpipe {
namespace {

void expect_readable_padding(const OutBuffer& buffer) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < OutBuffer::kPadding; ++i) {
    sum += static_cast<unsigned char>(*(buffer.data() + buffer.size() + i));
  }
  EXPECT_LE(sum, OutBuffer::kPadding * 255U);
}

TEST(BaseOutBuffer, starts_empty) {
  OutBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.view(), "");
  buffer.append(std::string_view());
  EXPECT_TRUE(buffer.empty());
  EXPECT_GE(OutBuffer(100).capacity(), 100U);
}

TEST(BaseOutBuffer, keeps_its_content_while_it_grows) {
  OutBuffer buffer;
  std::string same;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(random() % 200, static_cast<char>('a' + i % 26));
    if (i % 3 == 0) {
      buffer.append(static_cast<char>(i));
      same += static_cast<char>(i);
    }
    buffer.append(piece);
    same += piece;
  }
  EXPECT_TRUE(buffer.view() == same);
  expect_readable_padding(buffer);
}

TEST(BaseOutBuffer, writes_every_integer) {
  for (const std::int64_t value : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0},
                                   std::int64_t{9}, std::int64_t{10}, INT64_MAX}) {
    OutBuffer buffer;
    buffer.append_int(value);
    EXPECT_EQ(buffer.view(), std::to_string(value));
  }
}

TEST(BaseOutBuffer, takes_back_a_half_built_row) {
  OutBuffer buffer;
  buffer.append("row\n");
  const std::size_t mark = buffer.size();
  buffer.append("half");
  buffer.truncate(mark);
  EXPECT_EQ(buffer.view(), "row\n");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  buffer.append("next");
  EXPECT_EQ(buffer.view(), "next");
}

TEST(BaseOutBuffer, reserved_room_counts_only_once_advanced) {
  OutBuffer buffer(4);
  buffer.append("ab");
  char* const at = buffer.reserve(1000);
  at[0] = 'c';
  at[999] = 'z';
  EXPECT_EQ(buffer.view(), "ab");
  buffer.advance(1);
  EXPECT_EQ(buffer.view(), "abc");
  EXPECT_GE(buffer.capacity(), 1002U);
  expect_readable_padding(buffer);
}

TEST(BaseOutBuffer, exactly_full_it_still_has_its_padding) {
  OutBuffer buffer(64);
  while (buffer.size() < buffer.capacity()) buffer.append('x');
  expect_readable_padding(buffer);
}

}  // namespace
}  // namespace kpipe
