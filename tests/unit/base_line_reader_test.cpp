// SPDX-License-Identifier: Apache-2.0
#include "common/base/line_reader.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

/// Takes all lines that are buffered, and checks consumed() against their lengths.
void take_all(LineReader& reader, std::vector<std::string>& lines) {
  std::string_view line;
  for (std::uint64_t before = reader.consumed(); reader.next(line); before = reader.consumed()) {
    EXPECT_EQ(reader.consumed(), before + line.size() + 1);
    lines.emplace_back(line);
  }
}

const std::string kText("a\n\nbcd\n\xff\0x\n{\"k\":1}\nlast", 23);
const std::vector<std::string> kLines{"a", "", "bcd", std::string("\xff\0x", 3), "{\"k\":1}"};

TEST(BaseLineReader, lines_are_the_same_wherever_the_reads_end) {
  for (std::size_t first = 0; first <= kText.size(); ++first) {
    for (std::size_t second = first; second <= kText.size(); ++second) {
      unit::Pipe pipe;
      LineReader reader(pipe.reader());
      std::vector<std::string> lines;
      for (const std::string& part :
           {kText.substr(0, first), kText.substr(first, second - first), kText.substr(second)}) {
        if (part.empty()) continue;
        ASSERT_EQ(write_all(pipe.writer(), part), 0);
        ASSERT_EQ(reader.fill(), LineReader::Fill::data);
        take_all(reader, lines);
      }
      pipe.close_writer();
      ASSERT_EQ(reader.fill(), LineReader::Fill::eof);
      EXPECT_EQ(lines, kLines);
      EXPECT_EQ(reader.remainder(), "last");
      EXPECT_EQ(reader.consumed(), kText.size() - 4);
      EXPECT_EQ(reader.lines(), kLines.size());
      EXPECT_TRUE(reader.at_eof());
    }
  }
}

TEST(BaseLineReader, consumed_is_exact_after_each_line) {
  unit::Pipe pipe;
  ASSERT_EQ(write_all(pipe.writer(), kText), 0);
  LineReader reader(pipe.reader());
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  EXPECT_EQ(reader.consumed(), 0U) << "read is not yet consumed";
  std::uint64_t expected = 0;
  std::string_view line;
  for (const std::string& want : kLines) {
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line, want);
    expected += want.size() + 1;
    EXPECT_EQ(reader.consumed(), expected);
  }
  EXPECT_FALSE(reader.next(line));
}

TEST(BaseLineReader, an_input_with_a_last_newline_leaves_nothing) {
  unit::Pipe pipe;
  ASSERT_EQ(write_all(pipe.writer(), "one\n"), 0);
  pipe.close_writer();
  LineReader reader(pipe.reader());
  std::string_view line;
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  ASSERT_TRUE(reader.next(line));
  EXPECT_FALSE(reader.at_eof()) << "not known before the read that says so";
  ASSERT_EQ(reader.fill(), LineReader::Fill::eof);
  ASSERT_EQ(reader.fill(), LineReader::Fill::eof) << "EOF stays";
  EXPECT_TRUE(reader.remainder().empty());
}

TEST(BaseLineReader, a_huge_line_between_small_ones_comes_whole) {
  unit::Pipe pipe;
  std::string huge(11 * LineReader::kReadSize / 2, 'x');
  for (std::size_t i = 0; i < huge.size(); i += 997) huge[i] = static_cast<char>('a' + i % 26);
  std::thread feeder([&] {
    EXPECT_EQ(write_all(pipe.writer(), "before\n" + huge + "\nafter\n"), 0);
    pipe.close_writer();
  });
  LineReader reader(pipe.reader());
  std::vector<std::string> lines;
  while (reader.fill() != LineReader::Fill::eof) {
    std::string_view line;
    while (reader.next(line)) {
      // The promise to SIMD parsers; asan knows where the allocation ends.
      unsigned sum = 0;
      for (std::size_t i = 0; i < OutBuffer::kPadding; ++i) {
        sum += static_cast<unsigned char>(*(line.data() + line.size() + i));
      }
      EXPECT_LE(sum, OutBuffer::kPadding * 255U);
      lines.emplace_back(line);
    }
  }
  feeder.join();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "before");
  EXPECT_TRUE(lines[1] == huge);
  EXPECT_EQ(lines[2], "after");
  EXPECT_EQ(reader.consumed(), huge.size() + 14);
}

TEST(BaseLineReader, a_line_above_the_limit_is_an_error_that_names_it) {
  unit::Pipe pipe;
  ASSERT_EQ(write_all(pipe.writer(), "ok\n" + std::string(1001, 'x')), 0);
  LineReader reader(pipe.reader(), 1000);
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  ASSERT_FALSE(reader.next(line));
  const std::string message = unit::expect_error(Exit::data, [&] { reader.fill(); });
  EXPECT_TRUE(unit::contains(message, "line 2: longer than 1000 bytes")) << message;
}

TEST(BaseLineReader, a_line_at_the_limit_is_read) {
  unit::Pipe pipe;
  ASSERT_EQ(write_all(pipe.writer(), std::string(1000, 'x')), 0);
  LineReader reader(pipe.reader(), 1000);
  std::string_view line;
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  ASSERT_FALSE(reader.next(line));
  ASSERT_EQ(write_all(pipe.writer(), "\n"), 0);
  ASSERT_EQ(reader.fill(), LineReader::Fill::data);
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line.size(), 1000U);
}

TEST(BaseLineReader, says_when_a_read_would_block) {
  unit::Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.reader(), F_SETFL, O_NONBLOCK), 0);
  LineReader reader(pipe.reader());
  EXPECT_EQ(reader.fill(), LineReader::Fill::would_block);
  ASSERT_EQ(write_all(pipe.writer(), "x\n"), 0);
  EXPECT_EQ(reader.fill(), LineReader::Fill::data);
}

TEST(BaseLineReader, a_failed_read_is_an_error) {
  LineReader reader(-1);
  const std::string message = unit::expect_error(Exit::io, [&] { reader.fill(); });
  EXPECT_TRUE(unit::contains(message, "stdin: ")) << message;
}

}  // namespace
}  // namespace kpipe
