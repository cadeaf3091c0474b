// SPDX-License-Identifier: Apache-2.0
#include "common/base/read_ahead.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "common/base/fd.hpp"
#include "common/base/line_reader.hpp"
#include "tests/unit/ack_pipe.hpp"

namespace kpipe {
namespace {

std::string numbered_lines(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

std::string read_lines(LineReader& reader) {
  std::string text;
  do {
    std::string_view line;
    while (reader.next(line)) text += std::string(line) + "\n";
  } while (reader.fill() != LineReader::Fill::eof);
  return text + std::string(reader.remainder());
}

// Much more than a pipe holds: this ends only if somebody reads while nobody calls fill().
TEST(BaseReadAhead, TheWriterGoesOnWhileTheReaderIsBusy) {
  const std::string text = numbered_lines(3 << 20) + "torn";
  unit::Pipe pipe;
  LineReader reader(pipe.reader());
  ASSERT_EQ(write_all(pipe.writer(), text.substr(0, 3)), 0);
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  {
    const ReadingAhead reading(&reader.ahead());
    ASSERT_EQ(write_all(pipe.writer(), text.substr(3)), 0);
    pipe.close_writer();
  }
  EXPECT_TRUE(reader.has_ahead());
  EXPECT_FALSE(reader.at_eof()) << "there is more to take";
  EXPECT_EQ(read_lines(reader), text);
  EXPECT_TRUE(reader.at_eof());
  EXPECT_FALSE(reader.has_ahead());
}

TEST(BaseReadAhead, TakesNoMoreThanItsRoom) {
  const std::string text = numbered_lines(ReadAhead::kMost + (3 << 20));
  unit::Pipe pipe;
  LineReader reader(pipe.reader());
  std::thread writer([&] {
    EXPECT_EQ(write_all(pipe.writer(), text), 0);
    pipe.close_writer();
  });
  while (reader.ahead().bytes().size() < ReadAhead::kMost) {
    const ReadingAhead reading(&reader.ahead());
    std::this_thread::yield();
  }
  reader.ahead().start();  // has no room, so nothing happens
  reader.ahead().stop();
  EXPECT_EQ(reader.ahead().bytes().size(), ReadAhead::kMost);
  EXPECT_EQ(read_lines(reader), text);
  writer.join();
}

TEST(BaseReadAhead, EndsAtOnceWhenNothingComes) {
  unit::Pipe pipe;
  LineReader reader(pipe.reader());
  for (int i = 0; i < 100; ++i) {
    const ReadingAhead reading(&reader.ahead());
  }
  EXPECT_FALSE(reader.has_ahead());
  ASSERT_EQ(write_all(pipe.writer(), "a\n"), 0);
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "a");
}

TEST(BaseReadAhead, StartsAndEndsInAnyOrderOfBytes) {
  const std::string text = numbered_lines(2 << 20);
  unit::Pipe pipe;
  LineReader reader(pipe.reader());
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size(); at += 4099) {
      EXPECT_EQ(write_all(pipe.writer(), text.substr(at, 4099)), 0);
    }
    pipe.close_writer();
  });
  std::string seen;
  for (bool ended = false; !ended;) {
    {
      const ReadingAhead reading(seen.size() % 3 == 0 ? nullptr : &reader.ahead());
      std::this_thread::yield();
    }
    std::string_view line;
    while (reader.next(line)) seen += std::string(line) + "\n";
    ended = reader.fill() == LineReader::Fill::eof;
  }
  writer.join();
  EXPECT_EQ(seen, text);
}

}  // namespace
}  // namespace kpipe
