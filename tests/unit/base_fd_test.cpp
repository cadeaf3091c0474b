// SPDX-License-Identifier: Apache-2.0
#include "common/base/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include "common/base/log.hpp"
#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(BaseFd, closes_once_and_moves) {
  int raw = -1;
  {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = fd.get();
    ASSERT_TRUE(static_cast<bool>(fd));
    UniqueFd other(std::move(fd));
    EXPECT_EQ(other.get(), raw);
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
  EXPECT_FALSE(static_cast<bool>(UniqueFd()));
}

TEST(BaseFd, write_all_goes_on_after_short_writes_and_names_the_error) {
  unit::Pipe pipe;
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  std::string read;
  std::thread reader([&] {
    std::array<char, 8192> chunk{};
    for (ssize_t n; (n = ::read(pipe.reader(), chunk.data(), chunk.size())) > 0;) {
      read.append(chunk.data(), static_cast<std::size_t>(n));
    }
  });
  EXPECT_EQ(write_all(pipe.writer(), large), 0);
  pipe.close_writer();
  reader.join();
  EXPECT_TRUE(read == large);

  unit::Pipe broken;
  broken.close_reader();
  EXPECT_EQ(write_all(broken.writer(), "x"), EPIPE);
  EXPECT_EQ(write_all(broken.writer(), ""), 0);
}

TEST(BaseFd, read_file_takes_all_of_it_or_names_it) {
  const unit::TempDirectory directory;
  const std::string path = directory.file("f");
  const std::string content(200'000, 'y');
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(write_all(fd.get(), content), 0);
  EXPECT_TRUE(read_file(path) == content);
  const std::string message =
      unit::expect_error(Exit::io, [&] { read_file(directory.file("none")); });
  EXPECT_EQ(message, directory.file("none") + ": No such file or directory");
}

TEST(BaseFd, knows_pipes) {
  const unit::Pipe pipe;
  EXPECT_TRUE(is_pipe(pipe.reader()));
  EXPECT_TRUE(is_pipe(pipe.writer()));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(is_pipe(null.get()));
  EXPECT_FALSE(is_pipe(-1));
}

/// A hostile topic or payload must not forge log lines or drive a terminal.
TEST(BaseLog, a_message_is_one_line) {
  log::set_level(log::Level::notice);
  testing::internal::CaptureStderr();
  log::error("a\nkpipe: forged\r\x1b[2J");
  log::warning("careful");
  log::info("not shown");
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(unit::contains(shown, ": a kpipe: forged  [2J\n")) << shown;
  EXPECT_TRUE(unit::contains(shown, ": warning: careful\n")) << shown;
  EXPECT_FALSE(unit::contains(shown, "not shown"));
}

TEST(BaseLog, levels_have_names) {
  EXPECT_EQ(log::parse_level("error"), log::Level::error);
  EXPECT_EQ(log::parse_level("debug"), log::Level::debug);
  const std::string message =
      unit::expect_error(Exit::usage, [] { static_cast<void>(log::parse_level("loud")); });
  EXPECT_EQ(message,
            "--log-level: 'loud': unknown level. Use error, warning, notice, info or debug");
}

}  // namespace
}  // namespace kpipe
