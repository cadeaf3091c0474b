// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/writer.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <string>
#include <thread>

#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe::kconsume {
namespace {

/// Everything from a descriptor until EOF.
std::string read_all(int fd) {
  std::string text;
  std::array<char, 65536> chunk{};
  for (ssize_t n; (n = ::read(fd, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return text;
}

bool wait_for_room(Writer& writer) {
  return unit::wait_until([&] { return writer.has_room(); });
}

void submit(Writer& writer, const std::string& text, std::int64_t upto) {
  OutBatch batch;
  batch.bytes.append(text);
  batch.upto.push_back({{"t", 0}, upto, 0});
  writer.submit(batch);
  EXPECT_TRUE(batch.bytes.empty() && batch.upto.empty()) << "an empty batch comes back";
}

TEST(KconsumeWriter, writes_in_order_and_closes_at_the_end) {
  unit::Pipe pipe;
  Writer writer(pipe.release_writer());
  std::string got;
  std::thread reader([&] { got = read_all(pipe.reader()); });
  std::string expected;
  for (int i = 1; i <= 200; ++i) {
    ASSERT_TRUE(wait_for_room(writer));
    const std::string text(static_cast<std::size_t>(i * 997 % 50'000),
                           static_cast<char>('a' + i % 26));
    expected += text;
    submit(writer, text, i);
  }
  EXPECT_EQ(writer.submitted_bytes(), expected.size());
  writer.finish();
  reader.join();  // EOF: the descriptor was closed
  EXPECT_TRUE(unit::wait_until([&] { return writer.idle(); }));
  EXPECT_TRUE(got == expected);
  EXPECT_EQ(writer.error(), 0);
  const std::vector<Checkpoint> written = writer.take_written();
  ASSERT_EQ(written.size(), 200U);
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i].offset, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_TRUE(writer.take_written().empty()) << "each is said once";
}

TEST(KconsumeWriter, a_reader_that_does_not_read_fills_it_and_room_is_announced) {
  unit::Pipe pipe;
  auto writer = std::make_unique<Writer>(pipe.release_writer());
  const std::string large(2 << 20, 'x');  // more than the pipe takes
  int submitted = 0;
  while (writer->has_room() && submitted < 100) submit(*writer, large, ++submitted);
  // One is being written, three wait; the thread may take the first before or after the second.
  EXPECT_LE(submitted, 4);
  EXPECT_FALSE(writer->has_room());
  EXPECT_FALSE(writer->idle());
  EXPECT_TRUE(writer->take_written().empty()) << "half a batch is not written";
  writer->clear_event();
  pollfd event{writer->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&event, 1, 0), 0);

  std::string got;
  std::thread reader([&] { got = read_all(pipe.reader()); });
  EXPECT_EQ(::poll(&event, 1, 30'000), 1);
  EXPECT_TRUE(wait_for_room(*writer));
  writer->finish();
  reader.join();
  EXPECT_EQ(got.size(), large.size() * static_cast<std::size_t>(submitted));
}

TEST(KconsumeWriter, a_reader_that_ends_is_an_error_and_the_rest_is_not_written) {
  unit::Pipe pipe;
  Writer writer(pipe.release_writer());
  pipe.close_reader();
  submit(writer, "a\n", 1);
  EXPECT_TRUE(unit::wait_until([&] { return writer.error() != 0; }));
  EXPECT_EQ(writer.error(), EPIPE);
  submit(writer, "b\n", 2);
  EXPECT_TRUE(unit::wait_until([&] { return writer.idle(); }));
  EXPECT_TRUE(writer.take_written().empty());
  EXPECT_EQ(writer.error(), EPIPE) << "the first error stays";
  writer.finish();
  EXPECT_TRUE(unit::wait_until([&] { return writer.idle(); }));
}

TEST(KconsumeWriter, an_end_without_a_word_is_an_end) {
  unit::Pipe pipe;
  Writer writer(pipe.release_writer());
  EXPECT_TRUE(writer.idle());
  writer.finish();
  EXPECT_EQ(read_all(pipe.reader()), "");
  EXPECT_TRUE(unit::wait_until([&] { return writer.idle(); }));
}

TEST(KconsumeWriter, goes_away_without_finish) {
  unit::Pipe pipe;
  {
    Writer writer(pipe.release_writer());
    submit(writer, "line\n", 1);
    EXPECT_TRUE(unit::wait_until([&] { return writer.idle(); }));
  }
  EXPECT_EQ(read_all(pipe.reader()), "line\n");
}

}  // namespace
}  // namespace kpipe::kconsume
