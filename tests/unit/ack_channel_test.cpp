// SPDX-License-Identifier: Apache-2.0
// Both ends of the acknowledgement channel on real sockets and FIFOs.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/ack/ack_listener.hpp"
#include "common/ack/ack_sender.hpp"
#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

std::vector<Checkpoint> acks(std::int32_t partition, std::int64_t offset) {
  return {{{"t", partition}, offset, 0}};
}

/// The channel of one pipe with both ends in this process.
class AckChannel : public testing::Test {
 protected:
  void SetUp() override {
    listener_.emplace();
    ASSERT_TRUE(listener_->listen(*pipe_id(pipe_.writer())));
  }

  void connect() {
    ASSERT_TRUE(sender_.connect(pipe_.reader()));
    ASSERT_TRUE(unit::wait_until([&] {
      listener_->pump(at_source_);
      return listener_->connected();
    }));
  }

  bool source_has(std::size_t lines) {
    return unit::wait_until([&] {
      listener_->pump(at_source_);
      return at_source_.size() >= lines;
    });
  }

  unit::RuntimeDirectory directory_;
  unit::Pipe pipe_;
  std::optional<AckListener> listener_;
  AckSender sender_{kpipe::AckChannel{}};
  std::vector<ControlLine> at_source_;
  std::vector<ControlLine> at_sink_;
};

TEST_F(AckChannel, hello_both_ways) {
  EXPECT_FALSE(listener_->connected());
  EXPECT_FALSE(listener_->lost_any());
  connect();
  sender_.send(SinkHello{"pg:t", true, {}, {}});
  sender_.send(SinkHello{"pg:t", false, {}, {{{"t", 0}, 7, 1}}});
  ASSERT_TRUE(source_has(2));
  EXPECT_TRUE(at_source_[0].sink_hello->pending);
  EXPECT_EQ(at_source_[1].sink_hello->offsets, (std::vector<Checkpoint>{{{"t", 0}, 7, 1}}));

  listener_->send(SourceHello{"g", "c", false});
  listener_->send(Assign{1, {{"t", 0}}});
  ASSERT_TRUE(unit::wait_until([&] {
    sender_.pump(at_sink_);
    return at_sink_.size() == 2;
  }));
  EXPECT_EQ(at_sink_[0].source_hello->group, "g");
  EXPECT_EQ(at_sink_[1].assign->request, 1);
}

TEST_F(AckChannel, is_direct_only_for_the_reader_of_the_pipe) {
  connect();
  EXPECT_FALSE(listener_->direct()) << "our stdin is another file";
  listener_.emplace();
  ASSERT_TRUE(listener_->listen(*pipe_id(pipe_.writer())));
  const unit::StdinFrom stdin_guard(pipe_.reader());
  AckSender sink(kpipe::AckChannel{});
  ASSERT_TRUE(sink.connect(STDIN_FILENO));
  ASSERT_TRUE(unit::wait_until([&] {
    listener_->pump(at_source_);
    return listener_->connected();
  }));
  EXPECT_TRUE(listener_->direct());
}

TEST_F(AckChannel, waiting_acks_of_one_partition_become_one) {
  connect();
  // Fills the socket, so that the rest must wait in the sender.
  std::int64_t sent = 0;
  while ((sender_.events() & POLLOUT) == 0 && sent < 10'000'000) {
    ++sent;
    sender_.send(acks(static_cast<std::int32_t>(sent % 3), sent));
  }
  ASSERT_NE(sender_.events() & POLLOUT, 0);
  for (int i = 0; i < 30'000; ++i) sender_.send(acks(100 + i % 2, i + 1));
  std::size_t late = 0;
  std::map<TopicPartition, std::int64_t> newest;
  ASSERT_TRUE(unit::wait_until([&] {
    at_source_.clear();
    listener_->pump(at_source_);
    sender_.pump(at_sink_);
    for (const ControlLine& line : at_source_) {
      if (!line.ack) continue;
      EXPECT_GT(line.ack->offset, newest[line.ack->tp]) << "acks never go back";
      newest[line.ack->tp] = line.ack->offset;
      late += line.ack->tp.partition >= 100 ? 1U : 0U;
    }
    return newest[{"t", 100}] == 29'999 && newest[{"t", 101}] == 30'000;
  }));
  EXPECT_EQ(late, 2U);
}

TEST_F(AckChannel, a_garbage_line_costs_only_itself) {
  const UniqueFd raw = connect_to(pipe_socket_path(*pipe_id(pipe_.reader()), false));
  ASSERT_TRUE(static_cast<bool>(raw));
  testing::internal::CaptureStderr();
  ASSERT_EQ(
      write_all(raw.get(), "\n{\"x\xFF\n{\"topic\":\"t\",\"partition\":0,\"offset\":1}\n{\"top"),
      0);
  ASSERT_TRUE(source_has(1));
  ASSERT_EQ(write_all(raw.get(), "ic\":\"t\",\"partition\":0,\"offset\":2}\n"), 0);
  ASSERT_TRUE(source_has(2));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(unit::contains(said, "line ignored: not a JSON object")) << said;
  EXPECT_EQ(at_source_[0].ack->offset, 1);
  EXPECT_EQ(at_source_[1].ack->offset, 2);
}

TEST_F(AckChannel, a_line_without_end_does_not_take_all_memory) {
  UniqueFd raw = connect_to(pipe_socket_path(*pipe_id(pipe_.reader()), false));
  testing::internal::CaptureStderr();
  const std::string chunk(100'000, 'x');
  for (int i = 0; i < 60; ++i) {
    std::size_t sent = 0;
    ASSERT_TRUE(unit::wait_until([&] {
      const ssize_t n = ::write(raw.get(), chunk.data() + sent, chunk.size() - sent);
      if (n > 0) sent += static_cast<std::size_t>(n);
      listener_->pump(at_source_);
      return sent == chunk.size();
    }));
  }
  EXPECT_TRUE(unit::contains(testing::internal::GetCapturedStderr(), "was dropped"));
  EXPECT_TRUE(at_source_.empty());
}

TEST_F(AckChannel, the_sink_goes_and_none_takes_its_place) {
  connect();
  sender_.send(acks(0, 5));
  sender_ = AckSender(kpipe::AckChannel{});
  ASSERT_TRUE(unit::wait_until([&] {
    listener_->pump(at_source_);
    return listener_->lost_any();
  }));
  ASSERT_EQ(at_source_.size(), 1U) << "its last words count";
  EXPECT_EQ(at_source_[0].ack->offset, 5);
  listener_->send(Bye{1});  // into nothing
  // What the first had read and not stored, a second never sees: it must not speak for it.
  ASSERT_TRUE(sender_.connect(pipe_.reader()));
  sender_.send(acks(0, 50));
  testing::internal::CaptureStderr();
  listener_->pump(at_source_);
  EXPECT_TRUE(unit::contains(testing::internal::GetCapturedStderr(), "one more sink connected"));
  EXPECT_TRUE(listener_->lost_any());
  EXPECT_EQ(at_source_.size(), 1U);
}

TEST_F(AckChannel, a_sink_whose_input_ended_is_lost_once_and_still_hears) {
  connect();
  sender_.send(InputEnded{});
  sender_.send(acks(0, 5));
  ASSERT_TRUE(unit::wait_until([&] {
    listener_->pump(at_source_);
    return listener_->lost_all() && at_source_.size() == 2;
  }));
  EXPECT_TRUE(listener_->connected());
  listener_->send(Bye{1});
  ASSERT_TRUE(unit::wait_until([&] {
    sender_.pump(at_sink_);
    return at_sink_.size() == 1;
  }));
  sender_ = AckSender(kpipe::AckChannel{});
  ASSERT_TRUE(unit::wait_until([&] {
    listener_->pump(at_source_);
    return !listener_->connected();
  }));
  EXPECT_EQ(listener_->lost_all(), true);
}

TEST_F(AckChannel, the_source_goes_and_the_sink_hears_of_it_once) {
  connect();
  listener_->send(Bye{9});
  listener_.reset();
  ASSERT_TRUE(unit::wait_until([&] {
    sender_.pump(at_sink_);
    return !sender_.connected();
  }));
  ASSERT_EQ(at_sink_.size(), 1U) << "its last words count";
  EXPECT_TRUE(at_sink_[0].bye);
  sender_.send(acks(0, 5));
  EXPECT_EQ(sender_.events(), 0);
  EXPECT_FALSE(sender_.connect(pipe_.reader())) << "the pipeline is ending";
  sender_.drain(1000);
}

TEST_F(AckChannel, the_socket_is_private_and_goes_with_its_listener) {
  const std::string path = pipe_socket_path(*pipe_id(pipe_.reader()), false);
  EXPECT_TRUE(path.starts_with(directory_.path() + "/kpipe-")) << path;
  struct stat st {};
  ASSERT_EQ(::lstat(path.c_str(), &st), 0);
  EXPECT_TRUE(S_ISSOCK(st.st_mode));
  EXPECT_EQ(st.st_mode & 077U, 0U);
  listener_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(AckSender(kpipe::AckChannel{}).connect(pipe_.reader()));
}

TEST_F(AckChannel, a_socket_left_by_a_killed_process_is_replaced) {
  const unit::Pipe other;
  const std::string path = pipe_socket_path(*pipe_id(other.writer()), true);
  listen_on(path).reset();  // closed and never unlinked
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(static_cast<bool>(connect_to(path)));
  AckListener listener;
  ASSERT_TRUE(listener.listen(*pipe_id(other.writer())));
  EXPECT_TRUE(static_cast<bool>(connect_to(path)));
}

TEST_F(AckChannel, a_directory_that_others_may_enter_is_not_used) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  const std::string path = pipe_socket_path(*pipe_id(pipe_.reader()), true);
  EXPECT_FALSE(path.starts_with(directory_.path())) << path;
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0700), 0);
}

TEST(AckPipeId, names_both_ends_alike_and_nothing_else) {
  const unit::Pipe pipe;
  const unit::Pipe other;
  EXPECT_EQ(pipe_id(pipe.reader()), pipe_id(pipe.writer()));
  EXPECT_NE(pipe_id(pipe.reader()), pipe_id(other.reader()));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(pipe_id(null.get()));
  EXPECT_FALSE(pipe_id(-1));
}

class AckPath : public testing::Test {
 protected:
  std::string fifo() const {
    const std::string path = directory_.file("acks");
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  std::string file(const std::string& content) const {
    std::string path = directory_.file("acks");
    std::ofstream(path) << content;
    ::chmod(path.c_str(), 0600);
    return path;
  }

  unit::TempDirectory directory_;
  std::vector<ControlLine> lines_;
};

TEST_F(AckPath, a_fifo_carries_hello_and_acks) {
  unit::Pipe pipe;
  const std::string path = fifo();
  AckSender sender(kpipe::AckChannel{path, {}});
  EXPECT_FALSE(sender.connect(pipe.reader())) << "kconsume has not opened it yet";
  AckListener listener;
  listener.open_path(path);
  EXPECT_TRUE(listener.active() && listener.is_path());
  ASSERT_TRUE(sender.connect(pipe.reader()));
  sender.send(SinkHello{"pg:t", false, {}, {}});
  sender.send(std::vector<Checkpoint>{{{"t", 0}, 5, 0}, {{"t", 1}, 6, 0}});
  listener.pump(lines_);
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_EQ(lines_[0].sink_hello->sink, "pg:t");
  EXPECT_EQ(lines_[2].ack->offset, 6);
  std::vector<ControlLine> none;
  sender.pump(none);
  EXPECT_TRUE(none.empty()) << "one-way";
}

TEST_F(AckPath, a_sink_that_comes_and_goes_is_no_end) {
  unit::Pipe pipe;
  const std::string path = fifo();
  AckListener listener;
  listener.open_path(path);
  for (std::int64_t offset = 1; offset <= 3; ++offset) {
    AckSender sender(kpipe::AckChannel{path, {}});
    ASSERT_TRUE(sender.connect(pipe.reader()));
    sender.send(acks(0, offset));
  }
  listener.pump(lines_);
  listener.pump(lines_);
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_EQ(lines_[2].ack->offset, 3);
}

TEST_F(AckPath, a_file_is_read_from_its_end) {
  const std::string path = file("{\"topic\":\"old\",\"partition\":0,\"offset\":1}\n");
  AckListener listener;
  listener.open_path(path);
  listener.pump(lines_);
  EXPECT_TRUE(lines_.empty()) << "what an earlier run wrote is not about this one";
  unit::Pipe pipe;
  AckSender sender(kpipe::AckChannel{path, {}});
  ASSERT_TRUE(sender.connect(pipe.reader()));
  sender.send(acks(0, 8));
  listener.pump(lines_);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].ack->tp.topic, "t");
}

TEST_F(AckPath, refuses_what_others_may_write_or_is_no_channel) {
  unit::Pipe pipe;
  const std::string path = fifo();
  for (const mode_t mode : {mode_t{0620}, mode_t{0602}, mode_t{0666}}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    AckListener listener;
    std::string message = unit::expect_error(Exit::config, [&] { listener.open_path(path); });
    EXPECT_TRUE(unit::contains(message, "writable by nobody else")) << message;
    EXPECT_FALSE(listener.active());
    AckSender sender(kpipe::AckChannel{path, {}});
    message = unit::expect_error(Exit::config, [&] { sender.connect(pipe.reader()); });
    EXPECT_TRUE(unit::contains(message, "writable by nobody else")) << message;
  }
  AckListener listener;
  std::string message =
      unit::expect_error(Exit::no_input, [&] { listener.open_path(directory_.file("none")); });
  EXPECT_TRUE(unit::contains(message, "mkfifo")) << message;
  message = unit::expect_error(Exit::config, [&] { listener.open_path(directory_.path()); });
  EXPECT_TRUE(unit::contains(message, "neither a FIFO nor a file")) << message;
  AckSender sender(kpipe::AckChannel{directory_.file("none"), {}});
  message = unit::expect_error(Exit::io, [&] { sender.connect(pipe.reader()); });
  EXPECT_TRUE(unit::contains(message, "mkfifo")) << message;
}

TEST_F(AckPath, refuses_what_belongs_to_another) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = fifo();
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  unit::Pipe pipe;
  AckListener listener;
  std::string message = unit::expect_error(Exit::config, [&] { listener.open_path(path); });
  EXPECT_TRUE(unit::contains(message, "must belong to you")) << message;
  AckSender sender(kpipe::AckChannel{path, {}});
  message = unit::expect_error(Exit::config, [&] { sender.connect(pipe.reader()); });
  EXPECT_TRUE(unit::contains(message, "must belong to you")) << message;
}

}  // namespace
}  // namespace kpipe
