// SPDX-License-Identifier: Apache-2.0
// Each rule of the offset tracker by itself; ack_tracker_property_test.cpp mixes them.
#include <gtest/gtest.h>

#include <vector>

#include "common/ack/offset_tracker.hpp"

namespace kpipe {
namespace {

using Ack = OffsetTracker::Ack;

const TopicPartition kA{"a", 0};
const TopicPartition kB{"b", 1};

TEST(AckTrackerRules, commits_what_was_acknowledged_once) {
  OffsetTracker tracker;
  tracker.assign(kA, {10, 10, 10, 0});
  EXPECT_TRUE(tracker.committable().empty());
  tracker.delivered(kA, 20);
  EXPECT_EQ(tracker.unacknowledged(), 10);
  EXPECT_EQ(tracker.outstanding(), (std::vector<Checkpoint>{{kA, 20, 0}}));
  EXPECT_TRUE(tracker.committable().empty()) << "delivered is not stored";
  EXPECT_EQ(tracker.acked({kA, 15, 0}), Ack::accepted);
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 15, 0}}));
  tracker.committed(kA, 15);
  EXPECT_TRUE(tracker.committable().empty());
  EXPECT_EQ(tracker.acked({kA, 20, 0}), Ack::accepted);
  EXPECT_EQ(tracker.unacknowledged(), 0);
  EXPECT_TRUE(tracker.outstanding().empty());
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 20, 0}}));
}

TEST(AckTrackerRules, refuses_each_wrong_acknowledgement) {
  OffsetTracker tracker;
  EXPECT_EQ(tracker.acked({kA, 1, 0}), Ack::not_assigned);
  tracker.assign(kA, {10, 10, 10, 3});
  tracker.delivered(kA, 20);
  EXPECT_EQ(tracker.acked({kA, 15, 2}), Ack::wrong_generation);
  EXPECT_EQ(tracker.acked({kA, 15, 4}), Ack::wrong_generation);
  EXPECT_EQ(tracker.acked({kA, 21, 3}), Ack::beyond_delivered);
  EXPECT_EQ(tracker.acked({kA, 10, 3}), Ack::not_ahead);
  EXPECT_EQ(tracker.acked({kB, 15, 3}), Ack::not_assigned);
  EXPECT_TRUE(tracker.committable().empty());
  EXPECT_EQ(tracker.acked({kA, 15, 3}), Ack::accepted);
  EXPECT_EQ(tracker.acked({kA, 15, 3}), Ack::not_ahead);
  EXPECT_EQ(tracker.acked({kA, 14, 3}), Ack::not_ahead);
}

TEST(AckTrackerRules, an_ended_assignment_takes_its_state_with_it) {
  OffsetTracker tracker;
  tracker.assign(kA, {0, 0, 0, 0});
  tracker.assign(kB, {0, 0, 0, 0});
  tracker.delivered(kA, 10);
  tracker.delivered(kB, 10);
  ASSERT_EQ(tracker.acked({kA, 10, 0}), Ack::accepted);
  ASSERT_EQ(tracker.acked({kB, 10, 0}), Ack::accepted);
  tracker.unassign(kA);
  EXPECT_FALSE(tracker.is_assigned(kA));
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kB, 10, 0}}));
  EXPECT_EQ(tracker.acked({kA, 10, 0}), Ack::not_assigned) << "late";
  tracker.delivered(kA, 30);
  tracker.position(kA, 40, true);
  tracker.committed(kA, 10);
  EXPECT_FALSE(tracker.delivered_offset(kA) || tracker.acked_offset(kA) ||
               tracker.committed_offset(kA));
  EXPECT_EQ(tracker.unacknowledged(kA), 0);

  tracker.assign(kA, {4, 4, 4, 0});
  EXPECT_EQ(tracker.acked({kA, 10, 0}), Ack::beyond_delivered) << "of the earlier assignment";
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kB, 10, 0}}));
  tracker.unassign_all();
  EXPECT_TRUE(tracker.committable().empty());
  EXPECT_EQ(tracker.unacknowledged(), 0);
}

TEST(AckTrackerRules, a_commit_overtaken_by_a_reassignment_counts_only_as_far_as_it_is_acked) {
  OffsetTracker tracker;
  tracker.assign(kA, {0, 0, 0, 0});
  tracker.committed(kA, 50);
  EXPECT_EQ(tracker.committed_offset(kA), 0);
  tracker.delivered(kA, 60);
  ASSERT_EQ(tracker.acked({kA, 40, 0}), Ack::accepted);
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 40, 0}}));
  tracker.committed(kA, 40);
  tracker.committed(kA, 30);
  EXPECT_EQ(tracker.committed_offset(kA), 40) << "never back";
}

TEST(AckTrackerRules, what_the_sink_has_already_is_committable_at_once) {
  OffsetTracker tracker;
  tracker.assign(kA, {5, 9, 12, 1});
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 9, 1}}));
  EXPECT_EQ(tracker.unacknowledged(kA), 3) << "records of an earlier assignment on their way";
}

TEST(AckTrackerRules, a_sink_that_holds_less_never_moves_a_commit_back) {
  OffsetTracker tracker;
  tracker.assign(kA, {20, 10, 10, 0});
  EXPECT_TRUE(tracker.committable().empty());
  tracker.delivered(kA, 30);
  ASSERT_EQ(tracker.acked({kA, 18, 0}), Ack::accepted);
  EXPECT_TRUE(tracker.committable().empty());
  ASSERT_EQ(tracker.acked({kA, 25, 0}), Ack::accepted);
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 25, 0}}));
}

TEST(AckTrackerRules, a_position_is_acknowledged_when_nothing_is_outstanding) {
  OffsetTracker tracker;
  tracker.assign(kA, {0, 0, 0, 0});
  tracker.position(kA, 5, false);
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 5, 0}}));
  tracker.delivered(kA, 8);
  tracker.position(kA, 10, false);
  EXPECT_EQ(tracker.delivered_offset(kA), 8) << "it waits for the acknowledgements";
  ASSERT_EQ(tracker.acked({kA, 8, 0}), Ack::accepted);
  tracker.position(kA, 10, false);
  EXPECT_EQ(tracker.acked_offset(kA), 10);
  tracker.position(kA, 9, false);
  EXPECT_EQ(tracker.acked_offset(kA), 10) << "never back";
}

TEST(AckTrackerRules, a_position_that_the_sink_must_store_waits_for_its_word) {
  OffsetTracker tracker;
  tracker.assign(kA, {0, 0, 0, 0});
  tracker.position(kA, 5, true);
  EXPECT_TRUE(tracker.committable().empty());
  EXPECT_EQ(tracker.outstanding(), (std::vector<Checkpoint>{{kA, 5, 0}}));
  EXPECT_EQ(tracker.acked({kA, 5, 0}), Ack::accepted);
  EXPECT_EQ(tracker.committable(), (std::vector<Checkpoint>{{kA, 5, 0}}));
}

TEST(AckTrackerRules, answers_in_order_of_topic_and_partition) {
  OffsetTracker tracker;
  for (const TopicPartition& tp :
       {TopicPartition{"b", 2}, TopicPartition{"a", 10}, TopicPartition{"b", 1}}) {
    tracker.assign(tp, {0, 1, 2, 0});
  }
  const std::vector<Checkpoint> due = tracker.committable();
  ASSERT_EQ(due.size(), 3U);
  EXPECT_EQ(due[0].tp, (TopicPartition{"a", 10}));
  EXPECT_EQ(due[1].tp, (TopicPartition{"b", 1}));
  EXPECT_EQ(due[2].tp, (TopicPartition{"b", 2}));
}

}  // namespace
}  // namespace kpipe
