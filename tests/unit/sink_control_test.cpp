// SPDX-License-Identifier: Apache-2.0
// The conversation of SinkLoop with kconsume: a real AckListener in this thread, the loop in
// another.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "common/ack/ack_listener.hpp"
#include "tests/unit/base_expect.hpp"
#include "tests/unit/sink_fake.hpp"

namespace kpipe {
namespace {

using unit::line;
using unit::MemorySink;
using Rows = std::vector<std::string>;

const TopicPartition kT0{"t", 0};
const TopicPartition kT1{"t", 1};

class SinkControl : public testing::Test {
 protected:
  /// Starts the sink; a direct one reads our pipe as its stdin.
  void start(bool direct = true) {
    ASSERT_TRUE(listener_.listen(*pipe_id(pipe_.writer())));
    if (direct) stdin_.emplace(pipe_.reader());
    const int input = direct ? STDIN_FILENO : pipe_.reader();
    loop_ = std::async(std::launch::async, [this, input] {
      SinkOptions options;
      options.batch_timeout = timeout_;
      SinkLoop loop(input, sink_, options);
      const SinkCounts counts = loop.run();
      end_ = loop.source_end();
      return counts;
    });
    ASSERT_TRUE(until([&] { return hello() != nullptr; }));
    listener_.send(SourceHello{"g", "cluster", listener_.direct()});
  }
  void TearDown() override {
    listener_.send(Bye{written_});
    if (loop_.valid()) finish();
  }
  SinkCounts finish() {
    pipe_.close_writer();
    // The loop's last acknowledgements must not wait for us.
    while (loop_.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      listener_.pump(heard_);
      if (said_its_end()) listener_.hang_up();
    }
    SinkCounts counts = loop_.get();
    listener_.pump(heard_);
    return counts;
  }

  template <typename Condition>
  bool until(Condition condition) {
    return unit::wait_until([&] {
      listener_.pump(heard_);
      return condition();
    });
  }
  void write(const std::string& text) {
    ASSERT_EQ(write_all(pipe_.writer(), text), 0);
    written_ += text.size();
  }

  const SinkHello* hello(std::optional<std::int64_t> request = {}) const {
    for (const ControlLine& control : heard_) {
      if (control.sink_hello && !control.sink_hello->pending &&
          control.sink_hello->request == request) {
        return &*control.sink_hello;
      }
    }
    return nullptr;
  }
  /// The last acknowledgement of a partition.
  std::optional<Checkpoint> acked(const TopicPartition& tp) const {
    std::optional<Checkpoint> last;
    for (const ControlLine& control : heard_) {
      if (control.ack && control.ack->tp == tp) last = *control.ack;
    }
    return last;
  }
  bool said_its_end() const {
    return std::any_of(heard_.begin(), heard_.end(),
                       [](const ControlLine& control) { return control.input_ended; });
  }
  bool waits_for_ack(const Checkpoint& ack) {
    return until([&] { return acked(ack.tp) == ack; });
  }

  unit::RuntimeDirectory directory_;
  unit::Pipe pipe_;
  std::optional<unit::StdinFrom> stdin_;
  AckListener listener_;
  MemorySink sink_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::future<SinkCounts> loop_;
  SourceEnd end_;  ///< after finish()
  std::vector<ControlLine> heard_;
  std::uint64_t written_ = 0;
};

TEST_F(SinkControl, introduces_itself_before_the_first_byte) {
  sink_.put(kT0, {7, 1});
  start();
  ASSERT_TRUE(heard_[0].sink_hello && heard_[0].sink_hello->pending)
      << "said at once, while the target is being opened";
  EXPECT_EQ(hello()->sink, "memory");
  EXPECT_EQ(hello()->offsets, (std::vector<Checkpoint>{{kT0, 7, 1}}));
  EXPECT_TRUE(listener_.direct());
  EXPECT_TRUE(until([&] { return sink_.source().group == "g"; }));
  EXPECT_EQ(sink_.source().cluster, "cluster");
}

TEST_F(SinkControl, acknowledges_what_is_stored) {
  start();
  write(line("t", 0, 0, "0") + line("t", 0, 1, "1") + line("t", 1, 5, "5"));
  EXPECT_TRUE(waits_for_ack({kT0, 2, 0}));
  EXPECT_TRUE(waits_for_ack({kT1, 6, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{2, 0}));
  write(line("t", 0, 2, "2"));
  EXPECT_TRUE(waits_for_ack({kT0, 3, 0}));
}

TEST_F(SinkControl, acknowledges_duplicates_as_far_as_they_came) {
  sink_.put(kT0, {100, 0});
  start();
  write(line("t", 0, 3, "3") + line("t", 0, 4, "4"));
  EXPECT_TRUE(waits_for_ack({kT0, 5, 0})) << "not 100: the stream has not reached it";
  listener_.send(Bye{written_});
  const SinkCounts counts = finish();
  EXPECT_EQ(counts.duplicates, 2U);
  EXPECT_EQ(counts.stored, 0U);
}

TEST_F(SinkControl, a_flush_stores_at_once_and_not_before_its_byte) {
  timeout_ = std::chrono::minutes(5);
  start();
  const std::string first = line("t", 0, 0, "0") + line("t", 0, 1, "1");
  const std::string second = line("t", 0, 2, "2");
  listener_.send(Flush{{{kT0, 2, 0}}, first.size()});
  write(first + second);
  ASSERT_TRUE(waits_for_ack({kT0, 2, 0}));
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{2}))
      << "what was written after the request waits for its own time";
  listener_.send(Flush{{{kT0, 3, 0}}, written_});
  EXPECT_TRUE(waits_for_ack({kT0, 3, 0}));
}

TEST_F(SinkControl, a_flush_waits_for_bytes_that_are_still_on_their_way) {
  timeout_ = std::chrono::minutes(5);
  start();
  const std::string text = line("t", 0, 0, "0");
  listener_.send(Flush{{{kT0, 1, 0}}, text.size()});
  listener_.send(Assign{1, {kT1}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; })) << "the sink has read both requests";
  EXPECT_FALSE(acked(kT0)) << "nothing of it has come";
  write(text);
  EXPECT_TRUE(waits_for_ack({kT0, 1, 0}));
}

TEST_F(SinkControl, partitions_are_revoked_when_all_that_came_of_them_is_stored) {
  timeout_ = std::chrono::minutes(5);
  start();
  const std::string text = line("t", 0, 0, "0") + line("t", 1, 5, "5");
  listener_.send(Revoke{{kT1, kT0}, text.size()});
  listener_.send(Assign{1, {}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; })) << "the sink has read both";
  EXPECT_TRUE(sink_.revoked_so_far().empty()) << "nothing of it has come";
  write(text + line("t", 1, 6, "6"));
  const std::vector<Checkpoint> expected{{kT1, 6, 0}, {kT0, 1, 0}};
  EXPECT_TRUE(until([&] { return sink_.revoked_so_far() == expected; }));
}

TEST_F(SinkControl, a_position_above_the_last_record_is_stored_without_rows) {
  start();
  write(line("t", 0, 0, "0"));
  ASSERT_TRUE(waits_for_ack({kT0, 1, 0}));
  listener_.send(Flush{{{kT0, 9, 0}, {kT1, 4, 0}}, written_});
  EXPECT_TRUE(waits_for_ack({kT0, 9, 0}));
  EXPECT_TRUE(waits_for_ack({kT1, 4, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{9, 0}));
  EXPECT_EQ(sink_.at(kT1), (StoredOffset{4, 0}));
  EXPECT_EQ(sink_.rows().size(), 1U);
  write(line("t", 0, 9, "9"));
  EXPECT_TRUE(waits_for_ack({kT0, 10, 0}));
}

TEST_F(SinkControl, a_position_below_what_is_stored_is_acknowledged_and_changes_nothing) {
  sink_.put(kT0, {50, 0});
  start();
  listener_.send(Flush{{{kT0, 20, 0}}, 0});
  EXPECT_TRUE(waits_for_ack({kT0, 20, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{50, 0}));
}

TEST_F(SinkControl, a_position_of_a_newer_generation_is_adopted) {
  sink_.put(kT0, {50, 1});
  start();
  listener_.send(Flush{{{kT0, 20, 1}}, 0});
  ASSERT_TRUE(waits_for_ack({kT0, 20, 1}));
  listener_.send(Flush{{{kT0, 30, 2}}, 0});
  EXPECT_TRUE(waits_for_ack({kT0, 30, 2}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{30, 2}));
  listener_.send(Flush{{{kT0, 99, 1}}, 0});
  listener_.send(Assign{1, {kT0}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; }));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{30, 2})) << "an older one is not";
}

TEST_F(SinkControl, behind_a_filter_a_position_is_no_promise_that_all_came) {
  start(false);
  EXPECT_FALSE(listener_.direct());
  write(line("t", 0, 0, "0"));
  listener_.send(Flush{{{kT0, 9, 0}}, 0});
  ASSERT_TRUE(waits_for_ack({kT0, 1, 0}));
  listener_.send(Assign{1, {kT0}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; }));
  EXPECT_EQ(hello(1)->offsets, (std::vector<Checkpoint>{{kT0, 1, 0}}));
}

TEST_F(SinkControl, behind_a_filter_a_position_counts_when_all_below_is_acknowledged) {
  start(false);
  write(line("t", 0, 0, "0"));
  ASSERT_TRUE(waits_for_ack({kT0, 1, 0}));
  listener_.send(Flush{{{kT0, 9, 0}, {kT1, 4, 0}}, 0, true});
  ASSERT_TRUE(waits_for_ack({kT0, 9, 0}));
  ASSERT_TRUE(waits_for_ack({kT1, 4, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{9, 0}));
}

TEST_F(SinkControl, behind_a_filter_positions_are_stored_even_after_the_end) {
  start(false);
  write(line("t", 0, 0, "0") + line("t", 0, 1, "1"));
  listener_.send(Bye{written_});
  pipe_.close_writer();
  ASSERT_TRUE(until([&] { return said_its_end(); }));
  EXPECT_EQ(acked(kT0), (Checkpoint{kT0, 2, 0})) << "all acknowledgements come before";
  EXPECT_TRUE(listener_.connected());
  listener_.send(Flush{{{kT0, 7, 0}}, written_, true});
  EXPECT_TRUE(waits_for_ack({kT0, 7, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{7, 0}));
  listener_.hang_up();
  EXPECT_EQ(finish().stored, 2U);
}

TEST_F(SinkControl, behind_a_filter_an_end_without_a_goodbye_waits_for_nobody) {
  start(false);
  write(line("t", 0, 0, "0") + line("t", 0, 1, "1"));
  pipe_.close_writer();
  EXPECT_EQ(loop_.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  until([&] { return listener_.lost_any(); });
  EXPECT_FALSE(said_its_end());
  const std::string said = unit::expect_error(Exit::temp_fail, [&] { finish(); });
  EXPECT_TRUE(unit::contains(said, "without kconsume's goodbye")) << said;
}

TEST_F(SinkControl, an_assignment_is_answered_from_the_target_as_it_is_now) {
  sink_.put(kT0, {5, 0});
  start();
  EXPECT_EQ(hello()->offsets, (std::vector<Checkpoint>{{kT0, 5, 0}}));
  sink_.put(kT0, {8, 0});  // by the instance that had the partition before
  listener_.send(Assign{3, {kT0, kT1}});
  ASSERT_TRUE(until([&] { return hello(3) != nullptr; }));
  EXPECT_EQ(hello(3)->offsets, (std::vector<Checkpoint>{{kT0, 8, 0}}));
  write(line("t", 0, 7, "7") + line("t", 0, 8, "8"));
  EXPECT_TRUE(waits_for_ack({kT0, 9, 0}));
  listener_.send(Bye{written_});
  const SinkCounts counts = finish();
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(sink_.conflicts(), 0) << "it knew before it stored";
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@8=8"}));
}

TEST_F(SinkControl, the_id_of_the_topic_is_kept_beside_its_offset) {
  start();
  listener_.send(Assign{1, {kT0}, {{"t", "first-id"}}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; }));
  write(line("t", 0, 0, "0") + line("t", 1, 0, "0"));
  ASSERT_TRUE(waits_for_ack({kT1, 1, 0}));
  ASSERT_TRUE(sink_.at(kT0));
  EXPECT_EQ(sink_.at(kT0)->topic_id, "first-id");
  listener_.send(Assign{2, {kT0}, {{"t", "second-id"}}});
  ASSERT_TRUE(until([&] { return hello(2) != nullptr; }));
  EXPECT_EQ(hello(2)->offsets, (std::vector<Checkpoint>{{kT0, 1, 0, "first-id"}}))
      << "what was stored, not what the topic is now";
}

TEST_F(SinkControl, an_assignment_is_acknowledged_anew) {
  start();
  write(line("t", 0, 0, "0"));
  ASSERT_TRUE(waits_for_ack({kT0, 1, 0}));
  heard_.clear();
  listener_.send(Assign{1, {kT0}});
  ASSERT_TRUE(until([&] { return hello(1) != nullptr; }));
  listener_.send(Flush{{{kT0, 1, 0}}, written_});
  EXPECT_TRUE(waits_for_ack({kT0, 1, 0})) << "kconsume's books of this partition start anew";
}

TEST_F(SinkControl, a_clean_end_is_silent_and_another_is_said) {
  testing::internal::CaptureStderr();
  start();
  write(line("t", 0, 0, "0"));
  listener_.send(Bye{written_});
  finish();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(acked(kT0), (Checkpoint{kT0, 1, 0}));
}

TEST_F(SinkControl, the_end_of_a_run_is_what_the_goodbye_says) {
  start();
  write(line("t", 0, 0, "0"));
  ASSERT_TRUE(waits_for_ack({kT0, 1, 0}));
  // At once: the sink may find the goodbye and the end of the channel together.
  listener_.send(Bye{written_, std::vector<Checkpoint>{{kT0, 1, 0}}});
  listener_.hang_up();
  finish();
  EXPECT_TRUE(end_.heard && end_.is_pipe);
  EXPECT_EQ(end_.end, (std::vector<Checkpoint>{{kT0, 1, 0}}));
}

TEST_F(SinkControl, the_end_of_a_run_that_was_stopped_is_none) {
  start();
  write(line("t", 0, 0, "0"));
  listener_.send(Bye{written_});
  finish();
  EXPECT_TRUE(end_.heard);
  EXPECT_FALSE(end_.end);
}

TEST_F(SinkControl, eof_without_a_goodbye_stores_acknowledges_and_says_so) {
  testing::internal::CaptureStderr();
  start();
  ASSERT_TRUE(until([&] { return sink_.source().group == "g"; }));
  write(line("t", 0, 0, "0"));
  const SinkCounts counts = finish();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(unit::contains(said, "without a goodbye")) << said;
  EXPECT_EQ(counts.stored, 1U);
  EXPECT_EQ(acked(kT0), (Checkpoint{kT0, 1, 0}));
}

TEST_F(SinkControl, kconsume_dies_and_what_it_wrote_is_stored) {
  AckListener* const other = new AckListener;
  ASSERT_TRUE(other->listen(*pipe_id(pipe_.writer())));
  loop_ =
      std::async(std::launch::async, [this] { return SinkLoop(pipe_.reader(), sink_, {}).run(); });
  std::vector<ControlLine> lines;
  ASSERT_TRUE(unit::wait_until([&] {
    other->pump(lines);
    return other->connected();
  }));
  other->send(SourceHello{"g", "cluster", true});
  write(line("t", 0, 0, "0") + "{\"topic\":\"t\",\"par");
  delete other;
  const std::string message = unit::expect_error(Exit::temp_fail, [&] { finish(); });
  EXPECT_TRUE(unit::contains(message, "torn")) << message;
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{1, 0}));
}

TEST_F(SinkControl, lines_of_one_record_are_stored_together_whatever_dies) {
  start(false);
  write(line("t", 0, 4, "4") + line("t", 0, 5, "\"5a\"") + line("t", 0, 5, "\"5b\""));
  const std::string message = unit::expect_error(Exit::temp_fail, [&] { finish(); });
  EXPECT_TRUE(unit::contains(message, "ended without kconsume's goodbye")) << message;
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@4=4"})) << "a filter that died may owe more lines of 5";
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{5, 0}));
}

TEST_F(SinkControl, behind_a_filter_a_pause_makes_a_record_whole) {
  start(false);
  write(line("t", 0, 5, "\"5a\"") + line("t", 0, 5, "\"5b\""));
  EXPECT_TRUE(waits_for_ack({kT0, 6, 0}));
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{2}));
  write(line("t", 0, 5, "\"5c\""));
  unit::expect_error(Exit::temp_fail, [&] { finish(); });
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@5=\"5a\"", "t[0]@5=\"5b\"", "t[0]@5=\"5c\""}))
      << "what follows is no duplicate, and would not come again";
}

TEST_F(SinkControl, a_mark_says_behind_a_filter_that_all_came) {
  timeout_ = std::chrono::hours(1);
  start(false);
  write(line("t", 0, 5, "5") + R"({"mark":{"topic":"t","partition":0,"offset":9,"flush":true}})" +
        "\n");
  EXPECT_TRUE(waits_for_ack({kT0, 9, 0}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{9, 0}));
  write(R"({ "mark" : {"offset":3,"partition":1,"topic":"t","flush":true} })"
        "\n");
  EXPECT_TRUE(waits_for_ack({kT1, 3, 0})) << "also where nothing was let through, and reprinted";
  write(R"({"mark":{"topic":"t","partition":0,"offset":11,"flush":false}})"
        "\n");
  write(R"({"mark":{"topic":"t","partition":1,"offset":4,"gen":2,"flush":true}})"
        "\n");
  EXPECT_TRUE(waits_for_ack({kT0, 11, 0}));
  EXPECT_TRUE(waits_for_ack({kT1, 4, 2}));
  write(line("t", 0, 10, "10"));
  const std::string message = unit::expect_error(Exit::data, [&] { finish(); });
  EXPECT_TRUE(unit::contains(message, "t[0]@10 after offset 10: records of a partition must stay"))
      << message;
}

TEST_F(SinkControl, a_mark_needs_its_members) {
  start(false);
  write(R"({"mark":{"topic":"t","partition":0}})"
        "\n");
  const std::string message = unit::expect_error(Exit::data, [&] { finish(); });
  EXPECT_TRUE(unit::contains(message, "no \"topic\"")) << message;
}

TEST_F(SinkControl, acknowledgements_wait_for_a_fifo_that_opens_late) {
  const std::string path = directory_.file("acks");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  loop_ = std::async(std::launch::async, [this, path] {
    SinkOptions options;
    options.acks = path;
    return SinkLoop(pipe_.reader(), sink_, options).run();
  });
  write(line("t", 0, 0, "0"));
  ASSERT_TRUE(unit::wait_until([&] { return sink_.at(kT0).has_value(); }));
  AckListener reader;
  reader.open_path(path);
  pipe_.close_writer();
  ASSERT_TRUE(unit::wait_until([&] {
    reader.pump(heard_);
    return acked(kT0).has_value();
  })) << "the last acknowledgement is not lost";
  EXPECT_EQ(acked(kT0), (Checkpoint{kT0, 1, 0}));
  ASSERT_NE(hello(), nullptr) << "a sink that acknowledges has said who it is";
}

}  // namespace
}  // namespace kpipe
