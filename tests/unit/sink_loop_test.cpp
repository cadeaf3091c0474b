// SPDX-License-Identifier: Apache-2.0
// SinkLoop over a real pipe and a target in memory: which records are stored, once.
#include "common/sink/sink_loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/base_expect.hpp"
#include "tests/unit/sink_fake.hpp"

namespace kpipe {
namespace {

using unit::line;
using unit::MemorySink;
using unit::run_sink;
using Rows = std::vector<std::string>;

const TopicPartition kT0{"t", 0};

/// No socket of a real kconsume must be found.
class SinkLoopInput : public testing::Test {
 protected:
  /// t[0] from `first` to `last`, inclusive; the value is the offset.
  static std::string lines(std::int64_t first, std::int64_t last, std::int64_t generation = 0) {
    std::string text;
    for (std::int64_t i = first; i <= last; ++i)
      text += line("t", 0, i, std::to_string(i), generation);
    return text;
  }

  static SinkOptions batches_of(std::size_t records) {
    SinkOptions options;
    options.batch_size = records;
    options.batch_timeout = std::chrono::minutes(5);  // size alone decides
    return options;
  }

  unit::RuntimeDirectory directory_;
  MemorySink sink_;
};

TEST_F(SinkLoopInput, stores_each_record_once_and_the_offset_behind_it) {
  const SinkCounts counts = run_sink(sink_, lines(0, 2) + line("u", 4, 7, "\"x\"") + lines(5, 5));
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@0=0", "t[0]@1=1", "t[0]@2=2", "u[4]@7=\"x\"", "t[0]@5=5"}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{6, 0}));
  EXPECT_EQ(sink_.at({"u", 4}), (StoredOffset{8, 0}));
  EXPECT_EQ(counts.stored, 5U);
  EXPECT_EQ(counts.duplicates, 0U);
}

TEST_F(SinkLoopInput, an_empty_input_stores_nothing) {
  const SinkCounts counts = run_sink(sink_, "");
  EXPECT_EQ(counts.stored + counts.duplicates + counts.batches, 0U);
  EXPECT_EQ(run_sink(sink_, "\n\n").stored, 0U) << "empty lines are no records";
}

TEST_F(SinkLoopInput, drops_and_counts_what_is_below_the_stored_offset) {
  sink_.put(kT0, {3, 0});
  const SinkCounts counts = run_sink(sink_, lines(0, 4) + line("t", 1, 0, "\"other\""));
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@3=3", "t[0]@4=4", "t[1]@0=\"other\""}));
  EXPECT_EQ(counts.stored, 3U);
  EXPECT_EQ(counts.duplicates, 3U);
  EXPECT_EQ(run_sink(sink_, lines(0, 4)).duplicates, 5U);
  EXPECT_EQ(sink_.rows().size(), 3U);
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{5, 0}));
}

TEST_F(SinkLoopInput, batches_are_as_large_as_asked) {
  const SinkCounts counts = run_sink(sink_, lines(0, 9), batches_of(4));
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{4, 4, 2}));
  EXPECT_EQ(counts.batches, 3U);
  SinkOptions by_bytes = batches_of(1000);
  by_bytes.batch_bytes = 2 * line("t", 0, 10, "10").size() - 2;
  run_sink(sink_, lines(10, 15), by_bytes);
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{4, 4, 2, 2, 2, 2}));
}

TEST_F(SinkLoopInput, a_batch_is_never_cut_inside_a_records_lines) {
  std::string text = lines(0, 0);
  for (int i = 0; i < 5; ++i) text += line("t", 0, 1, "\"part " + std::to_string(i) + "\"");
  text += lines(2, 3);
  run_sink(sink_, text, batches_of(2));
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{6, 2}));
  EXPECT_EQ(sink_.rows().size(), 8U);
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{4, 0}));
}

TEST_F(SinkLoopInput, several_lines_of_a_stored_record_are_all_duplicates) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += line("t", 0, 5, "\"part " + std::to_string(i) + "\"");
  text += lines(6, 6);
  run_sink(sink_, text);
  ASSERT_EQ(sink_.rows().size(), 4U);
  const SinkCounts again = run_sink(sink_, text);
  EXPECT_EQ(sink_.rows().size(), 4U);
  EXPECT_EQ(again.duplicates, 4U);
  EXPECT_EQ(again.stored, 0U);
}

TEST_F(SinkLoopInput, what_another_instance_stored_meanwhile_is_dropped) {
  sink_.before_store = [done = false](MemorySink& sink) mutable {
    if (!std::exchange(done, true)) sink.put(kT0, {2, 0});
  };
  const SinkCounts counts = run_sink(sink_, lines(0, 3) + line("t", 1, 0, "1"));
  EXPECT_EQ(sink_.conflicts(), 1);
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@2=2", "t[0]@3=3", "t[1]@0=1"}));
  EXPECT_EQ(counts.stored, 3U);
  EXPECT_EQ(counts.duplicates, 2U);
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{4, 0}));
}

TEST_F(SinkLoopInput, another_instance_far_ahead_is_never_moved_back) {
  // It stands beyond this batch AND the record that made the batch full.
  sink_.before_store = [done = false](MemorySink& sink) mutable {
    if (!std::exchange(done, true)) sink.put(kT0, {4, 0});
  };
  const SinkCounts counts = run_sink(sink_, lines(0, 5), batches_of(2));
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@4=4", "t[0]@5=5"}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{6, 0}));
  EXPECT_EQ(counts.stored, 2U);
  EXPECT_EQ(counts.duplicates, 4U);
}

TEST_F(SinkLoopInput, another_instance_may_store_all_of_it) {
  sink_.before_store = [done = false](MemorySink& sink) mutable {
    if (!std::exchange(done, true)) sink.put(kT0, {100, 0});
  };
  const SinkCounts counts = run_sink(sink_, lines(0, 5), batches_of(3));
  EXPECT_TRUE(sink_.rows().empty());
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{100, 0}));
  EXPECT_EQ(counts.duplicates, 6U);
}

TEST_F(SinkLoopInput, a_record_stored_elsewhere_is_dropped_with_its_later_lines) {
  // The other instance comes between the record's first line and its second, which are read apart.
  unit::Pipe pipe;
  SinkOptions options;
  options.batch_timeout = std::chrono::milliseconds(0);
  sink_.before_store = [done = false](MemorySink& sink) mutable {
    if (!std::exchange(done, true)) sink.put(kT0, {1, 0});
  };
  std::thread feeder([&] {
    static_cast<void>(write_all(pipe.writer(), line("t", 0, 0, "\"part 0\"")));
    EXPECT_TRUE(unit::wait_until([&] { return sink_.conflicts() == 1; }));
    static_cast<void>(
        write_all(pipe.writer(), line("t", 0, 0, "\"part 1\"") + line("t", 0, 1, "1")));
    pipe.close_writer();
  });
  const SinkCounts counts = SinkLoop(pipe.reader(), sink_, options).run();
  feeder.join();
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@1=1"}));
  EXPECT_EQ(counts.duplicates, 2U);
}

TEST_F(SinkLoopInput, a_stored_offset_that_went_back_stops) {
  sink_.put(kT0, {5, 0});
  sink_.before_store = [](MemorySink& sink) { sink.put(kT0, {2, 0}); };
  std::string message = unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, lines(5, 6)); });
  EXPECT_TRUE(unit::contains(message, "t[0]: the stored offset went back from 5 to 2")) << message;
  sink_.put(kT0, {5, 0});
  sink_.before_store = [](MemorySink& sink) { sink.forget(kT0); };
  message = unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, lines(5, 6)); });
  EXPECT_TRUE(unit::contains(message, "went back from 5 to none")) << message;
  // To before a kseek: the records between are not in this stream.
  sink_.put(kT0, {5, 2});
  sink_.before_store = [](MemorySink& sink) { sink.put(kT0, {2, 1}); };
  message = unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, lines(5, 6, 2)); });
  EXPECT_TRUE(unit::contains(message, "went back from 5 to 2")) << message;
  EXPECT_TRUE(sink_.rows().empty());
}

TEST_F(SinkLoopInput, a_partition_that_goes_back_in_the_stream_is_an_error) {
  const std::string message = unit::expect_error(
      Exit::data, [&] { run_sink(sink_, lines(5, 6) + line("t", 1, 0, "1") + lines(5, 5)); });
  EXPECT_TRUE(unit::contains(message, "line 4: t[0]@5 after offset 6")) << message;
  EXPECT_TRUE(unit::contains(message, "xargs -P")) << message;
}

TEST_F(SinkLoopInput, a_greater_generation_is_adopted_forward_and_back) {
  sink_.put(kT0, {100, 1});
  run_sink(sink_, lines(10, 12, 2));
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@10=10", "t[0]@11=11", "t[0]@12=12"}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{13, 2}));
  run_sink(sink_, lines(50, 50, 3));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{51, 3}));
  EXPECT_EQ(run_sink(sink_, lines(50, 51, 3)).duplicates, 1U);
}

TEST_F(SinkLoopInput, a_replay_in_the_same_stream_is_a_batch_of_its_own) {
  run_sink(sink_, lines(0, 3) + lines(1, 2, 1));
  EXPECT_EQ(sink_.sizes(), (std::vector<std::size_t>{4, 2}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{3, 1}));
}

TEST_F(SinkLoopInput, a_zombie_of_an_older_generation_is_refused) {
  sink_.put(kT0, {10, 2});
  std::string message =
      unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, lines(10, 11, 1)); });
  EXPECT_TRUE(unit::contains(message, "t[0]@10: generation 1 is older than the stored one (2)"))
      << message;
  // The seek may also come while the records wait in the batch.
  sink_.put({"t", 0}, {10, 2});
  sink_.before_store = [](MemorySink& sink) { sink.put(kT0, {0, 3}); };
  message = unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, lines(10, 11, 2)); });
  EXPECT_TRUE(unit::contains(message, "generation 2 is older than the stored one (3)")) << message;
  EXPECT_TRUE(sink_.rows().empty());
}

TEST_F(SinkLoopInput, an_older_generation_behind_a_newer_one_is_refused_before_it_is_stored) {
  const std::string message = unit::expect_error(
      Exit::temp_fail, [&] { run_sink(sink_, lines(5, 5, 2) + lines(6, 6, 1)); });
  EXPECT_TRUE(unit::contains(message, "t[0]@6: generation 1 is older")) << message;
  const auto stored = sink_.at(kT0);
  EXPECT_TRUE(!stored || stored->generation == 2);
}

TEST_F(SinkLoopInput, a_torn_last_line_is_an_error_after_all_before_it_is_stored) {
  std::string message = unit::expect_error(Exit::temp_fail, [&] {
    run_sink(sink_, lines(0, 1) + R"({"topic":"t","partition":0,"off)");
  });
  EXPECT_TRUE(unit::contains(message, "line 3: torn: 31 bytes")) << message;
  EXPECT_TRUE(unit::contains(message, "start the pipeline again")) << message;
  EXPECT_EQ(sink_.rows(), (Rows{"t[0]@0=0", "t[0]@1=1"}));
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{2, 0}));
  // Whole but for its line end: it may be cut in the middle of a number.
  std::string whole = lines(2, 2);
  whole.pop_back();
  message = unit::expect_error(Exit::temp_fail, [&] { run_sink(sink_, whole); });
  EXPECT_TRUE(unit::contains(message, "torn")) << message;
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{2, 0}));
}

TEST_F(SinkLoopInput, a_torn_file_stays_torn) {
  const std::string path = directory_.file("in.ndjson");
  std::ofstream(path) << lines(0, 0) << "{\"topic";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string message =
      unit::expect_error(Exit::data, [&] { SinkLoop(file.get(), sink_, {}).run(); });
  EXPECT_TRUE(unit::contains(message, "mend its last line")) << message;
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{1, 0}));
}

TEST_F(SinkLoopInput, a_line_that_is_no_record_names_itself_and_the_way_out) {
  std::string message =
      unit::expect_error(Exit::data, [&] { run_sink(sink_, lines(0, 0) + "{\"total\":1}\n"); });
  EXPECT_TRUE(unit::contains(message, "stdin: line 2: no \"topic\": {\"total\":1}")) << message;
  EXPECT_TRUE(unit::contains(message, "jq")) << message;
  message = unit::expect_error(Exit::data, [&] { run_sink(sink_, std::string(500, 'x') + "\n"); });
  EXPECT_TRUE(unit::contains(message, "not a JSON object: " + std::string(80, 'x') + "..."))
      << message;
}

TEST_F(SinkLoopInput, an_idle_input_is_stored_before_the_timeout) {
  unit::Pipe pipe;
  ASSERT_EQ(write_all(pipe.writer(), lines(0, 2)), 0);
  std::thread checker([&] {
    EXPECT_TRUE(unit::wait_until([&] { return sink_.rows().size() == 3; }));
    pipe.close_writer();
  });
  EXPECT_EQ(SinkLoop(pipe.reader(), sink_, {}).run().stored, 3U);
  checker.join();
}

TEST_F(SinkLoopInput, a_timeout_of_the_user_is_kept) {
  unit::Pipe pipe;
  SinkOptions options;
  options.batch_timeout = std::chrono::milliseconds(50);
  ASSERT_EQ(write_all(pipe.writer(), lines(0, 2)), 0);
  std::thread checker([&] {
    EXPECT_TRUE(unit::wait_until([&] { return sink_.rows().size() == 3; }));
    pipe.close_writer();
  });
  EXPECT_EQ(SinkLoop(pipe.reader(), sink_, options).run().stored, 3U);
  checker.join();
}

TEST_F(SinkLoopInput, a_large_stream_of_many_partitions_arrives_whole) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += line(i % 3 == 0 ? "a" : "b", i % 7, i,
                 "\"" + std::string(static_cast<std::size_t>(i % 300), 'v') + "\"");
  const SinkCounts counts = run_sink(sink_, text, batches_of(777));
  EXPECT_EQ(counts.stored, 20'000U);
  EXPECT_EQ(sink_.rows().size(), 20'000U);
  const SinkCounts again = run_sink(sink_, text, batches_of(777));
  EXPECT_EQ(again.duplicates, 20'000U);
}

// The first batch takes as long as the rest of the input needs to be written: for ever, if nobody
// read it meanwhile.
TEST_F(SinkLoopInput, ReadsOnWhileALargeBatchIsStored) {
  const std::string text = lines(0, 60'000);
  unit::Pipe pipe;
  std::promise<void> written;
  std::thread feeder([&] {
    EXPECT_EQ(write_all(pipe.writer(), text), 0);
    pipe.close_writer();
    written.set_value();
  });
  bool first = true;
  sink_.before_store = [&](MemorySink&) {
    if (!std::exchange(first, false)) return;
    EXPECT_EQ(written.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  };
  SinkOptions options = batches_of(1'000'000);
  options.batch_bytes = 2 << 20;
  const SinkCounts counts = SinkLoop(pipe.reader(), sink_, options).run();
  feeder.join();
  EXPECT_EQ(counts.stored, 60'001U);
  EXPECT_GE(counts.batches, 2U);
  EXPECT_EQ(sink_.at(kT0), (StoredOffset{60'001, 0}));
  EXPECT_EQ(sink_.rows().back(), "t[0]@60000=60000");
}

}  // namespace
}  // namespace kpipe
