// SPDX-License-Identifier: Apache-2.0
// kconsume's side of the conversation against a real SinkLoop in another thread.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <string>
#include <vector>

#include "tests/unit/base_expect.hpp"
#include "tests/unit/sink_fake.hpp"
#include "tools/kconsume/sink_link.hpp"

namespace kpipe::kconsume {
namespace {

using unit::line;
using unit::MemorySink;

const TopicPartition kT0{"t", 0};
const TopicPartition kT1{"t", 1};

class KconsumeLink : public testing::Test {
 protected:
  void open() {
    link_.open({}, pipe_.writer());
    link_.set_source("g", "c");
    stdin_.emplace(pipe_.reader());
  }
  void start_sink(const std::string& acks = {}) {
    loop_ = std::async(std::launch::async, [this, acks] {
      SinkOptions options;
      options.acks = acks;
      return SinkLoop(STDIN_FILENO, sink_, options).run();
    });
  }
  void TearDown() override {
    pipe_.close_writer();
    if (!loop_.valid()) return;
    while (loop_.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) link_.pump();
    loop_.get();
  }
  bool waits_for_ack(const Checkpoint& wanted) {
    return unit::wait_until([&] {
      for (const Checkpoint& ack : link_.pump()) {
        if (ack == wanted) return true;
      }
      return false;
    });
  }

  unit::RuntimeDirectory directory_;
  unit::Pipe pipe_;
  std::optional<unit::StdinFrom> stdin_;
  MemorySink sink_;
  SinkLink link_;
  std::future<SinkCounts> loop_;
};

TEST_F(KconsumeLink, learns_what_the_sink_holds_and_hears_its_acks) {
  sink_.put(kT0, {5, 1});
  open();
  start_sink();
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  EXPECT_TRUE(link_.present());
  EXPECT_TRUE(link_.direct());
  EXPECT_EQ(link_.sink(), "memory");
  EXPECT_TRUE(link_.take_late_hello().empty());
  const std::vector<SinkState> stored = link_.ask({kT0, kT1});
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].stored.at(kT0), (StoredOffset{5, 1}));
  EXPECT_FALSE(stored[0].stored.contains(kT1));

  const std::string text = line("t", 0, 5, "5", 1);
  ASSERT_EQ(write_all(pipe_.writer(), text), 0);
  EXPECT_TRUE(waits_for_ack({kT0, 6, 1}));
  link_.flush({{kT1, 3, 0}}, text.size());
  EXPECT_TRUE(waits_for_ack({kT1, 3, 0}));
  const SinkState again = link_.ask({kT0, kT1}).at(0);
  EXPECT_EQ(again.stored.at(kT0), (StoredOffset{6, 1}));
  EXPECT_EQ(again.stored.at(kT1), (StoredOffset{3, 0}));
  link_.bye(text.size());
}

TEST_F(KconsumeLink, acks_that_come_while_it_asks_are_kept) {
  open();
  start_sink();
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  ASSERT_EQ(write_all(pipe_.writer(), line("t", 0, 0, "0")), 0);
  ASSERT_TRUE(unit::wait_until([&] { return sink_.at(kT0).has_value(); }));
  ASSERT_EQ(link_.ask({kT1}).size(), 1U) << "the answer comes behind the ack";
  EXPECT_EQ(link_.pump(), (std::vector<Checkpoint>{{kT0, 1, 0}}));
}

TEST_F(KconsumeLink, a_sink_that_comes_after_the_goodbye_hears_it) {
  link_.open({}, pipe_.writer());
  link_.set_source("", "c", false, true);
  link_.set_topic_prefix("x.");
  stdin_.emplace(pipe_.reader());
  const std::string text = line("x.t", 0, 0, "0");
  ASSERT_EQ(write_all(pipe_.writer(), text), 0);
  link_.pump();
  link_.bye(text.size(), std::vector<Checkpoint>{{kT0, 1, 0}});
  pipe_.close_writer();
  SinkLoop loop(STDIN_FILENO, sink_, {});
  loop_ = std::async(std::launch::async, [&] { return loop.run(); });
  EXPECT_TRUE(waits_for_ack({kT0, 1, 0}));
  link_.hang_up();
  loop_.get();
  EXPECT_TRUE(sink_.source().unbounded);
  EXPECT_TRUE(loop.source_end().heard);
  EXPECT_EQ(loop.source_end().end, (std::vector<Checkpoint>{{{"x.t", 0}, 1, 0}}));
}

TEST_F(KconsumeLink, nobody_is_nobody) {
  open();
  EXPECT_TRUE(link_.possible());
  EXPECT_FALSE(link_.wait_for_sink(std::chrono::milliseconds(1)));
  EXPECT_TRUE(link_.ask({kT0}).empty());
  EXPECT_FALSE(link_.present() || link_.gone() || link_.direct());
  SinkLink none;
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  none.open({}, null.get());
  EXPECT_FALSE(none.possible()) << "on anything but a pipe there is no link";
  EXPECT_FALSE(none.wait_for_sink(unit::kPatience));
}

TEST_F(KconsumeLink, a_late_sink_is_noticed_once) {
  sink_.put(kT0, {5, 0});
  open();
  EXPECT_FALSE(link_.wait_for_sink(std::chrono::milliseconds(1)));
  EXPECT_TRUE(link_.take_late_hello().empty());
  start_sink();
  std::vector<SinkState> late;
  ASSERT_TRUE(unit::wait_until([&] {
    link_.pump();
    late = link_.take_late_hello();
    return !late.empty();
  }));
  EXPECT_EQ(late[0].stored.at(kT0), (StoredOffset{5, 0}));
  EXPECT_TRUE(link_.take_late_hello().empty());
}

TEST_F(KconsumeLink, a_sink_that_goes_away_while_opening_is_an_error) {
  open();
  AckSender sink(AckChannel{});
  ASSERT_TRUE(sink.connect(pipe_.reader()));
  sink.send(SinkHello{"pg:t", true, {}, {}});
  sink = AckSender(AckChannel{});
  const std::string message =
      unit::expect_error(Exit::temp_fail, [&] { link_.wait_for_sink(unit::kPatience); });
  EXPECT_TRUE(unit::contains(message, "pg:t: the sink went away before")) << message;
}

TEST_F(KconsumeLink, a_sink_that_goes_away_answers_nothing) {
  open();
  AckSender sink(AckChannel{});
  ASSERT_TRUE(sink.connect(pipe_.reader()));
  sink.send(SinkHello{"pg:t", false, {}, {}});
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  sink = AckSender(AckChannel{});
  const std::string message = unit::expect_error(Exit::temp_fail, [&] { link_.ask({kT0}); });
  EXPECT_TRUE(unit::contains(message, "pg:t: the sink ")) << message;
  EXPECT_TRUE(link_.gone());
}

TEST_F(KconsumeLink, two_sinks_on_one_channel_are_refused) {
  const std::string path = directory_.file("acks");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  link_.open({path, {}}, pipe_.writer());
  EXPECT_TRUE(link_.reads_path());
  AckSender one(AckChannel{path, {}});
  AckSender two(AckChannel{path, {}});
  ASSERT_TRUE(one.connect(pipe_.reader()) && two.connect(pipe_.reader()));
  one.send(SinkHello{"pg:a", false, {}, {{kT0, 4, 0}}});
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  EXPECT_EQ(link_.ask({kT0}).at(0).stored.at(kT0), (StoredOffset{4, 0}))
      << "one-way: what the hello said";
  EXPECT_FALSE(link_.direct());
  two.send(SinkHello{"pg:b", false, {}, {}});
  const std::string message = unit::expect_error(Exit::config, [&] { link_.pump(); });
  EXPECT_TRUE(unit::contains(message, "'pg:b' speaks where 'pg:a' did")) << message;
}

TEST_F(KconsumeLink, of_several_sinks_the_slowest_counts) {
  link_.open({{}, "two-sinks"}, pipe_.writer(), 2);
  link_.set_source("g", "c");
  const AckChannel channel{{}, "two-sinks"};
  AckSender one(channel);
  AckSender two(channel);
  AckSender third(channel);
  ASSERT_TRUE(one.connect(-1) && two.connect(-1));
  link_.pump();
  ASSERT_TRUE(third.connect(-1));
  one.send(SinkHello{"pg:b", false, {}, {{kT0, 4, 0}}});
  EXPECT_FALSE(link_.present());
  two.send(SinkHello{"file:a", false, {}, {}});
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  EXPECT_EQ(link_.sink(), "file:a+pg:b");
  EXPECT_FALSE(link_.direct());
  EXPECT_EQ(link_.known().size(), 2U);
  one.send({{kT0, 9, 0}});
  EXPECT_EQ(link_.pump(), std::vector<Checkpoint>{}) << "the other has not said a word";
  two.send({{kT0, 5, 0}});
  EXPECT_TRUE(waits_for_ack({kT0, 5, 0}));
  two.send({{kT0, 12, 0}});
  EXPECT_TRUE(waits_for_ack({kT0, 9, 0}));
  one.send({{kT0, 3, 1}});
  EXPECT_EQ(link_.pump(), std::vector<Checkpoint>{}) << "generations are not compared";
  two.send({{kT0, 2, 1}});
  EXPECT_TRUE(waits_for_ack({kT0, 2, 1}));
  EXPECT_FALSE(link_.gone());
  one = AckSender(channel);
  link_.pump();
  EXPECT_TRUE(link_.gone()) << "one that is missing is enough";
}

TEST_F(KconsumeLink, a_missing_sink_of_several_is_an_error) {
  link_.open({{}, "two-sinks"}, pipe_.writer(), 2);
  AckSender one(AckChannel{{}, "two-sinks"});
  ASSERT_TRUE(one.connect(-1));
  one.send(SinkHello{"pg:b", false, {}, {}});
  const std::string message = unit::expect_error(
      Exit::temp_fail, [&] { link_.wait_for_sink(std::chrono::milliseconds(50)); });
  EXPECT_TRUE(unit::contains(message, "--sinks: 1 of 2 sinks have introduced themselves"))
      << message;
}

TEST_F(KconsumeLink, several_sinks_on_a_fifo_name_themselves) {
  const std::string path = directory_.file("acks");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  link_.open({path, {}}, pipe_.writer(), 2);
  AckSender one(AckChannel{path, {}}, "pg:a");
  AckSender two(AckChannel{path, {}}, "pg:b");
  AckSender nameless(AckChannel{path, {}});
  ASSERT_TRUE(one.connect(-1) && two.connect(-1) && nameless.connect(-1));
  one.send(SinkHello{"pg:a", false, {}, {}});
  two.send(SinkHello{"pg:b", false, {}, {}});
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  one.send({{kT0, 7, 0}});
  nameless.send({{kT0, 7, 0}});
  testing::internal::CaptureStderr();
  EXPECT_EQ(link_.pump(), std::vector<Checkpoint>{});
  EXPECT_TRUE(unit::contains(testing::internal::GetCapturedStderr(),
                             "a line without \"sink\" was ignored"));
  two.send({{kT0, 6, 0}});
  EXPECT_TRUE(waits_for_ack({kT0, 6, 0}));
}

TEST_F(KconsumeLink, a_name_is_used_once) {
  link_.open({{}, "same"}, pipe_.writer());
  SinkLink second;
  const std::string message = unit::expect_error(Exit::temp_fail, [&] {
    second.open({{}, "same"}, pipe_.writer());
  });
  EXPECT_TRUE(unit::contains(message, "another kconsume listens there")) << message;
  link_.pump();
  EXPECT_FALSE(link_.gone()) << "who only knocked was no sink";
  unit::expect_error(Exit::usage, [&] { second.open({{}, "../same"}, pipe_.writer()); });
}

TEST_F(KconsumeLink, a_real_sink_behind_a_fifo) {
  const std::string path = directory_.file("acks");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  link_.open({path, {}}, pipe_.writer());
  stdin_.emplace(pipe_.reader());
  start_sink(path);
  ASSERT_TRUE(link_.wait_for_sink(unit::kPatience));
  ASSERT_EQ(write_all(pipe_.writer(), line("t", 0, 0, "0")), 0);
  EXPECT_TRUE(waits_for_ack({kT0, 1, 0}));
}

}  // namespace
}  // namespace kpipe::kconsume
