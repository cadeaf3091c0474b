// SPDX-License-Identifier: Apache-2.0
// Each row of the start-position table, with what people are told.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/base_expect.hpp"
#include "tools/kconsume/start_position.hpp"

namespace kpipe::kconsume {
namespace {

using unit::contains;

/// orders[3] of group etl, log [100, 1000), --from earliest, nothing stored anywhere.
PartitionFacts facts() {
  PartitionFacts facts;
  facts.tp = {"orders", 3};
  facts.group = "etl";
  facts.log_start = 100;
  facts.log_end = 1000;
  facts.stable_end = 1000;
  facts.from = 100;
  return facts;
}

PartitionFacts committed(std::int64_t offset, std::optional<CommitMetadata> lineage) {
  PartitionFacts result = facts();
  result.committed = offset;
  result.lineage = std::move(lineage);
  return result;
}

PartitionFacts with_sink(PartitionFacts result, std::optional<StoredOffset> stored) {
  result.sink_answered = true;
  result.sink = "pg:t";
  result.stored = stored;
  return result;
}

void expect_start(const PartitionFacts& facts, std::int64_t offset, std::int64_t generation,
                  const std::string& warning) {
  const StartDecision decision = decide_start(facts);
  EXPECT_EQ(decision.offset, offset);
  EXPECT_EQ(decision.generation, generation);
  if (warning.empty()) {
    EXPECT_EQ(decision.warning, "");
  } else {
    EXPECT_TRUE(contains(decision.warning, warning)) << decision.warning;
  }
}

std::string stop(Exit exit, const PartitionFacts& facts) {
  return unit::expect_error(exit, [&] { decide_start(facts); });
}

TEST(KconsumeStart, nothing_stored_anywhere_starts_where_the_user_says) {
  expect_start(facts(), 100, 0, "");
  expect_start(with_sink(facts(), {}), 100, 0, "");
  PartitionFacts latest = facts();
  latest.from = 1000;
  expect_start(latest, 1000, 0, "");
  PartitionFacts none = facts();
  none.from.reset();
  EXPECT_TRUE(contains(stop(Exit::no_input, none), "orders[3]: no stored offset, and --from none"));
}

TEST(KconsumeStart, a_commit_alone_is_followed) {
  expect_start(committed(500, {}), 500, 0, "");
  expect_start(committed(500, CommitMetadata{4, "pg:t"}), 500, 4, "");
  expect_start(committed(1000, {}), 1000, 0, "");
  expect_start(committed(100, {}), 100, 0, "");
}

TEST(KconsumeStart, a_new_sink_for_an_old_group_is_told_what_it_will_not_get) {
  expect_start(with_sink(committed(500, {}), {}), 500, 0,
               "orders[3]@500: a new sink for a group that was used before: 400 earlier records");
  expect_start(with_sink(committed(500, CommitMetadata{2, "file:x"}), {}), 500, 2, "a new sink");
  expect_start(with_sink(committed(100, {}), {}), 100, 0, "");
}

TEST(KconsumeStart, a_sink_that_lost_its_offsets_stops) {
  const std::string message =
      stop(Exit::data, with_sink(committed(500, CommitMetadata{0, "pg:t"}), {}));
  EXPECT_TRUE(contains(message, "orders[3]@500: the group says that pg:t has stored all below"))
      << message;
  EXPECT_TRUE(contains(message, "kseek -g etl -t orders:3 --to earliest --execute")) << message;
  EXPECT_TRUE(contains(message, "kseek -g etl -t orders:3 --to 500 --execute")) << message;
}

TEST(KconsumeStart, a_replay_before_the_first_record_of_a_sink_goes_on) {
  // kseek writes the next generation without a sink's name: nobody claims to have stored anything.
  expect_start(with_sink(committed(500, CommitMetadata{1, ""}), {}), 500, 1, "a new sink");
}

TEST(KconsumeStart, the_sink_alone_is_followed) {
  expect_start(with_sink(facts(), StoredOffset{700, 2}), 700, 2,
               "the group has no committed offset (new, or expired)");
  PartitionFacts no_group = with_sink(facts(), StoredOffset{700, 0});
  no_group.group.clear();
  expect_start(no_group, 700, 0, "");
  expect_start(with_sink(facts(), StoredOffset{100, 0}), 100, 0, "");
}

TEST(KconsumeStart, agreement_is_silent) {
  expect_start(with_sink(committed(500, CommitMetadata{3, "pg:t"}), StoredOffset{500, 3}), 500, 3,
               "");
  expect_start(with_sink(committed(500, {}), StoredOffset{500, 0}), 500, 0, "");
  expect_start(with_sink(committed(500, {}), StoredOffset{500, 6}), 500, 6, "");
}

TEST(KconsumeStart, a_sink_that_died_before_its_ack_is_ahead) {
  expect_start(with_sink(committed(500, CommitMetadata{3, "pg:t"}), StoredOffset{620, 3}), 620, 3,
               "");
}

TEST(KconsumeStart, a_sink_that_went_back_is_filled_again_loudly) {
  const CommitMetadata lineage{3, "pg:t"};
  expect_start(with_sink(committed(500, lineage), StoredOffset{450, 3}), 450, 3,
               "orders[3]: the sink holds less than was committed (450 < 500");
  const std::string message =
      stop(Exit::data, with_sink(committed(500, lineage), StoredOffset{60, 3}));
  EXPECT_TRUE(contains(message, "orders[3]@60: records 60 to 99 are gone")) << message;
  EXPECT_TRUE(contains(message, "the sink's stored offset is below the start of the log"))
      << message;
}

TEST(KconsumeStart, a_greater_generation_is_a_replay) {
  expect_start(with_sink(committed(200, CommitMetadata{4, ""}), StoredOffset{620, 3}), 200, 4, "");
  expect_start(with_sink(committed(900, CommitMetadata{9, ""}), StoredOffset{620, 3}), 900, 9, "");
}

TEST(KconsumeStart, a_smaller_generation_stops) {
  const std::string message =
      stop(Exit::data, with_sink(committed(500, CommitMetadata{2, "pg:t"}), StoredOffset{500, 3}));
  EXPECT_TRUE(contains(message, "the group's generation 2 is older than the sink's 3")) << message;
  EXPECT_TRUE(contains(message, "kseek -g etl -t orders:3 --to 500 --generation 4 --execute"))
      << message;
}

TEST(KconsumeStart, a_foreign_reset_stops_and_names_both_ways) {
  const std::string message = stop(Exit::data, with_sink(committed(300, {}), StoredOffset{620, 0}));
  EXPECT_TRUE(contains(message, "the group stands at 300 and the sink at 620")) << message;
  EXPECT_TRUE(contains(message, "To follow the sink: kseek -g etl -t orders:3 --to 620 --execute"))
      << message;
  EXPECT_TRUE(contains(message, "kseek -g etl -t orders:3 --to 300 --execute")) << message;
}

TEST(KconsumeStart, beyond_the_end_is_another_topic) {
  for (const PartitionFacts& beyond :
       {committed(1001, {}), with_sink(facts(), StoredOffset{1001, 0}),
        with_sink(committed(1001, CommitMetadata{0, "pg:t"}), StoredOffset{1001, 0}),
        with_sink(committed(1001, CommitMetadata{5, ""}), StoredOffset{7, 0})}) {
    const std::string message = stop(Exit::data, beyond);
    EXPECT_TRUE(contains(message, "orders[3]@1001: ")) << message;
    EXPECT_TRUE(contains(message, "is beyond the end of the log (1000)")) << message;
    EXPECT_TRUE(contains(message, "--to earliest")) << message;
  }
}

TEST(KconsumeStart, below_the_start_names_the_range_that_is_gone) {
  const std::string message = stop(Exit::data, committed(40, {}));
  EXPECT_TRUE(contains(message, "orders[3]@40: records 40 to 99 are gone")) << message;
  EXPECT_TRUE(contains(message, "the group's committed offset")) << message;
  PartitionFacts no_group = with_sink(facts(), StoredOffset{40, 0});
  no_group.group.clear();
  EXPECT_TRUE(contains(stop(Exit::data, no_group), "give the sink a new --sink-id"));
}

TEST(KconsumeStart, lost_records_are_skipped_only_when_asked_and_counted) {
  PartitionFacts lost = with_sink(committed(40, CommitMetadata{2, "pg:t"}), StoredOffset{40, 2});
  lost.on_data_loss = OnDataLoss::skip;
  expect_start(lost, 100, 2,
               "orders[3]@40: records 40 to 99 are gone (retention or deleted): "
               "skipped 60 offsets");
  PartitionFacts beyond =
      with_sink(committed(1001, CommitMetadata{2, "pg:t"}), StoredOffset{1001, 2});
  beyond.on_data_loss = OnDataLoss::skip;
  expect_start(beyond, 100, 3,
               "the sink's stored offset is beyond the end of the log (1000): "
               "reading from the start of the log (100)");
}

TEST(KconsumeStart, a_topic_made_anew_stops_however_long_it_is) {
  PartitionFacts same = with_sink(facts(), StoredOffset{700, 2, "id-1"});
  same.topic_id = "id-1";
  expect_start(same, 700, 2, "the group has no committed offset");
  for (const std::optional<std::int64_t> group :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(700)}) {
    PartitionFacts other = group ? committed(*group, CommitMetadata{2, "pg:t"}) : facts();
    other = with_sink(other, StoredOffset{700, 2, "id-1"});
    other.topic_id = "id-2";
    const std::string message = stop(Exit::data, other);
    EXPECT_TRUE(contains(message,
                         "orders[3]: the topic was deleted and created again since the sink "
                         "stored up to 700 (topic id id-1, now id-2)"))
        << message;
    EXPECT_TRUE(contains(message, "kseek -g etl -t orders:3 --to earliest")) << message;
    EXPECT_TRUE(contains(message, "--on-data-loss skip")) << message;
    other.on_data_loss = OnDataLoss::skip;
    expect_start(other, 100, 3, "reading from the start of the log (100)");
    other.on_data_loss = OnDataLoss::stop;
    other.on_mismatch = OnMismatch::sink;
    expect_start(other, 700, 2, "following the sink");
    other.on_mismatch = OnMismatch::kafka;
    expect_start(other, group.value_or(100), 3, "following Kafka, not the sink (700)");
  }
  PartitionFacts moved =
      with_sink(committed(100, CommitMetadata{3, ""}), StoredOffset{700, 2, "id-1"});
  moved.topic_id = "id-2";
  expect_start(moved, 100, 3, "");  // kseek has settled it
}

TEST(KconsumeStart, a_contradiction_is_settled_by_on_mismatch) {
  PartitionFacts reset = with_sink(committed(300, {}), StoredOffset{620, 4});
  reset.on_mismatch = OnMismatch::sink;
  expect_start(reset, 620, 4, "orders[3]@620: following the sink, as --on-mismatch sink says");
  reset.on_mismatch = OnMismatch::kafka;
  expect_start(reset, 300, 5, "orders[3]@300: following Kafka, not the sink (620)");
  PartitionFacts older = with_sink(committed(500, CommitMetadata{2, "pg:t"}), StoredOffset{510, 3});
  older.on_mismatch = OnMismatch::sink;
  expect_start(older, 510, 3, "following the sink");
  older.on_mismatch = OnMismatch::kafka;
  expect_start(older, 500, 4, "following Kafka");
  PartitionFacts empty = with_sink(committed(500, CommitMetadata{2, "pg:t"}), {});
  empty.on_mismatch = OnMismatch::sink;
  expect_start(empty, 100, 2, "pg:t holds nothing of it: filling it again from 100");
  empty.on_mismatch = OnMismatch::kafka;
  expect_start(empty, 500, 2, "a new sink for a group that was used before");
}

TEST(KconsumeStart, what_is_added_later_is_read_from_its_first_record) {
  PartitionFacts added = facts();
  added.from = 1000;
  added.added_later = true;
  expect_start(added, 100, 0, "new since the topic was begun with");
  added.from.reset();
  expect_start(added, 100, 0, "whatever --from says");
  added.from = 100;
  expect_start(added, 100, 0, "");
  EXPECT_TRUE(decide_start(added).is_first);
  EXPECT_FALSE(decide_start(committed(500, {})).is_first);
}

TEST(KconsumeStart, of_several_sinks_the_slowest_decides) {
  const PartitionFacts ahead =
      with_sink(committed(500, CommitMetadata{1, "file:a+pg:t"}), StoredOffset{620, 1});
  PartitionFacts behind =
      with_sink(committed(500, CommitMetadata{1, "file:a+pg:t"}), StoredOffset{510, 1});
  EXPECT_EQ(decide_start(SinkFacts{ahead, behind}).offset, 510);
  EXPECT_EQ(decide_start(SinkFacts{behind, ahead}).offset, 510);
  behind.stored = StoredOffset{510, 0};
  EXPECT_EQ(decide_start(SinkFacts{ahead, behind}).offset, 500) << "the other adopts the replay";
  behind.stored.reset();
  EXPECT_TRUE(contains(unit::expect_error(Exit::data,
                                          [&] {
                                            decide_start(SinkFacts{ahead, behind});
                                          }),
                       "the group says that pg:t has stored all below"));
  behind = with_sink(committed(500, CommitMetadata{1, "file:a+pg:t"}), StoredOffset{510, 2});
  behind.on_mismatch = OnMismatch::sink;
  EXPECT_TRUE(contains(unit::expect_error(Exit::data,
                                          [&] {
                                            decide_start(SinkFacts{ahead, behind});
                                          }),
                       "stand in different generations (1 and 2)"));
}

}  // namespace
}  // namespace kpipe::kconsume
