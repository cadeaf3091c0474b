// SPDX-License-Identifier: Apache-2.0
// SinkLoop: what it shows of a batch that still fills.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "common/sink/sink_loop.hpp"
#include "tests/unit/sink_fake.hpp"

namespace kpipe {
namespace {

using unit::line;

/// Notes what it is shown.
class CuriousSink final : public unit::MemorySink {
 public:
  struct Look {
    std::uint64_t edition;
    std::size_t entries;
    std::size_t bytes;
  };

  void go_ahead(const Batch& batch) noexcept override {
    looks.push_back({batch.edition(), batch.entries().size(), batch.bytes()});
  }
  Outcome store(const Batch& batch) override {
    stored.push_back({batch.edition(), batch.entries().size(), batch.bytes()});
    return MemorySink::store(batch);
  }

  std::vector<Look> looks;
  std::vector<Look> stored;
};

class SinkAhead : public testing::Test {
 protected:
  static std::string wide(std::int64_t first, std::int64_t count) {
    const std::string value = "\"" + std::string(1000, 'v') + "\"";
    std::string text;
    for (std::int64_t i = first; i < first + count; ++i) text += line("t", 0, i, value);
    return text;
  }
  static SinkOptions batches_of(std::size_t records) {
    SinkOptions options;
    options.batch_size = records;
    options.batch_timeout = std::chrono::seconds(4);
    return options;
  }

  unit::RuntimeDirectory directory_;
  CuriousSink sink_;
};

TEST_F(SinkAhead, a_batch_that_fills_at_once_is_shown_as_it_grows) {
  run_sink(sink_, wide(0, 1000), batches_of(1000));
  ASSERT_FALSE(sink_.looks.empty());
  ASSERT_EQ(sink_.stored.size(), 1U);
  std::size_t before = 0;
  for (const CuriousSink::Look& look : sink_.looks) {
    EXPECT_EQ(look.edition, sink_.stored[0].edition);
    EXPECT_GT(look.entries, before);
    EXPECT_GE(look.bytes, std::size_t{128} << 10);
    before = look.entries;
  }
  EXPECT_EQ(sink_.stored[0].entries, 1000U);
}

TEST_F(SinkAhead, each_batch_is_another) {
  run_sink(sink_, wide(0, 900), batches_of(300));
  ASSERT_EQ(sink_.stored.size(), 3U);
  EXPECT_LT(sink_.stored[0].edition, sink_.stored[1].edition);
  EXPECT_LT(sink_.stored[1].edition, sink_.stored[2].edition);
}

TEST_F(SinkAhead, a_small_batch_is_not_shown) {
  run_sink(sink_, wide(0, 100), batches_of(1000));
  EXPECT_TRUE(sink_.looks.empty());
}

TEST_F(SinkAhead, nor_one_that_may_wait_for_long) {
  SinkOptions options = batches_of(1000);
  options.batch_timeout = std::chrono::seconds(6);
  run_sink(sink_, wide(0, 1000), options);
  EXPECT_TRUE(sink_.looks.empty());
}

TEST_F(SinkAhead, nor_one_that_fills_slowly) {
  unit::Pipe pipe;
  std::thread feeder([&pipe] {
    static_cast<void>(write_all(pipe.writer(), wide(0, 1)));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    static_cast<void>(write_all(pipe.writer(), wide(1, 300)));
    pipe.close_writer();
  });
  SinkLoop(pipe.reader(), sink_, batches_of(10'000)).run();
  feeder.join();
  EXPECT_TRUE(sink_.looks.empty());
  EXPECT_EQ(sink_.rows().size(), 301U);
}

TEST(SinkBatch, is_another_edition_when_entries_are_gone) {
  Batch batch;
  RecordDecoder decoder;
  const std::string text = line("t", 0, 5, "1");
  std::string padded = text + std::string(OutBuffer::kPadding, ' ');
  Record record;
  ASSERT_EQ(decoder.decode({padded.data(), text.size() - 1}, record), "");
  std::vector<std::uint64_t> editions{batch.edition()};
  const auto changed = [&] {
    editions.push_back(batch.edition());
    return editions[editions.size() - 1] != editions[editions.size() - 2];
  };
  const std::uint32_t range = batch.range_of("t", 0);
  batch.add(record, {padded.data(), text.size() - 1}, range);
  EXPECT_FALSE(changed()) << "what was shown of it is still there";
  batch.drop_last(range);
  EXPECT_TRUE(changed());
  batch.add(record, {padded.data(), text.size() - 1}, range);
  EXPECT_EQ(batch.drop_below(range, 6), 1U);
  EXPECT_TRUE(changed());
  batch.clear();
  EXPECT_TRUE(changed());
}

}  // namespace
}  // namespace kpipe
