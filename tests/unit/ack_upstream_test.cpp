// SPDX-License-Identifier: Apache-2.0
#include "common/ack/upstream.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "common/ack/ack_listener.hpp"
#include "common/ack/ack_sender.hpp"
#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

/// `cat` between two pipes.
class Filter {
 public:
  Filter(int input, int output) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    std::string name = "cat";
    std::vector<char*> arguments{name.data(), nullptr};
    std::vector<char*> environment{nullptr};
    if (::posix_spawn(&pid_, "/bin/cat", &actions, nullptr, arguments.data(), environment.data()) !=
        0) {
      pid_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  bool runs() const { return pid_ > 0; }

 private:
  pid_t pid_ = -1;
};

TEST(AckUpstream, our_own_pipe_comes_first_and_files_have_none) {
  const unit::Pipe pipe;
  const std::vector<PipeId> pipes = upstream_pipes(pipe.reader());
  ASSERT_EQ(pipes.size(), 1U);
  EXPECT_EQ(pipes[0], pipe_id(pipe.reader()));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(upstream_pipes(null.get()).empty());
}

TEST(AckUpstream, walks_through_filters) {
  unit::Pipe first;
  unit::Pipe second;
  unit::Pipe third;
  const Filter one(first.reader(), second.writer());
  const Filter two(second.reader(), third.writer());
  ASSERT_TRUE(one.runs() && two.runs());
  // Only the filters hold these ends, as in a shell's pipeline.
  second.close_writer();
  third.close_writer();
  // posix_spawn may return before the child has its descriptors in place.
  std::vector<PipeId> pipes;
  EXPECT_TRUE(unit::wait_until([&] {
    pipes = upstream_pipes(third.reader());
    return pipes.size() == 3;
  }));
  ASSERT_EQ(pipes.size(), 3U);
  EXPECT_EQ(pipes[0], pipe_id(third.reader()));
  EXPECT_EQ(pipes[1], pipe_id(second.reader()));
  EXPECT_EQ(pipes[2], pipe_id(first.reader()));
}

TEST(AckUpstream, a_sink_behind_a_filter_finds_the_socket) {
  const unit::RuntimeDirectory directory;
  unit::Pipe source;
  unit::Pipe sink;
  AckListener listener;
  ASSERT_TRUE(listener.listen(*pipe_id(source.writer())));
  const Filter cat(source.reader(), sink.writer());
  sink.close_writer();
  AckSender sender(AckChannel{});
  EXPECT_TRUE(unit::wait_until([&] { return sender.connect(sink.reader()); }));
  std::vector<ControlLine> lines;
  EXPECT_TRUE(unit::wait_until([&] {
    listener.pump(lines);
    return listener.connected();
  }));
  EXPECT_FALSE(listener.direct()) << "a filter may drop or keep back records";
}

}  // namespace
}  // namespace kpipe
