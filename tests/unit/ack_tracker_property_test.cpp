// SPDX-License-Identifier: Apache-2.0
// The tracker in a world of random events: a log with holes, a sink that stores when it likes, acks
// and commit answers that come late, rebalances, replays, and liars. After each event the tracker
// must agree with a model that keeps every event of an assignment and looks through all of them,
// and the world must hold what the design promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "common/ack/offset_tracker.hpp"

namespace kpipe {
namespace {

using Ack = OffsetTracker::Ack;

/// One assignment as a list of what was said, with no state besides.
class NaiveAssignment {
 public:
  explicit NaiveAssignment(const OffsetTracker::Start& start) : start_(start) {}

  void deliver(std::int64_t next) { delivered_.push_back(next); }
  void commit(std::int64_t offset) { committed_.push_back(std::min(offset, acked())); }
  void position(std::int64_t next, bool sink_decides) {
    if (next <= delivered()) return;
    if (sink_decides) {
      delivered_.push_back(next);
    } else if (acked() == delivered()) {
      delivered_.push_back(next);
      acked_.push_back(next);
    }
  }
  Ack ack(const Checkpoint& ack) {
    if (ack.generation != start_.generation) return Ack::wrong_generation;
    if (ack.offset > delivered()) return Ack::beyond_delivered;
    if (ack.offset <= acked()) return Ack::not_ahead;
    acked_.push_back(ack.offset);
    return Ack::accepted;
  }

  std::int64_t delivered() const { return highest(start_.delivered, delivered_); }
  std::int64_t acked() const { return highest(start_.acked, acked_); }
  std::int64_t committed() const { return highest(start_.committed, committed_); }
  std::int64_t generation() const { return start_.generation; }

 private:
  static std::int64_t highest(std::int64_t first, const std::vector<std::int64_t>& rest) {
    for (const std::int64_t value : rest) first = std::max(first, value);
    return first;
  }

  OffsetTracker::Start start_;
  std::vector<std::int64_t> delivered_;
  std::vector<std::int64_t> acked_;
  std::vector<std::int64_t> committed_;
};

/// What Kafka, the pipe and the sink know of one partition.
struct World {
  std::int64_t kafka_committed = 0;
  std::int64_t kafka_generation = 0;
  std::int64_t stored = 0;  ///< in the sink
  std::int64_t stored_generation = 0;
  std::int64_t in_pipe = 0;  ///< handed to stdout by anyone under the generation in the pipe
  std::int64_t pipe_generation = 0;
  std::int64_t delivered_before = 0;  ///< by this process, in earlier assignments
  std::int64_t replay_from = 0;       ///< where the newest generation begins
  std::vector<std::pair<std::int64_t, std::int64_t>> holes;  ///< no records in [first, second)
  std::optional<NaiveAssignment> assignment;
  std::int64_t last_due = -1;  ///< highest offset that came out for commit in this assignment

  std::int64_t hole_end() const { return holes.empty() ? -1 : holes.back().second; }
  /// Up to where all records are stored: the sink's offset, and holes behind it.
  std::int64_t durable() const {
    std::int64_t offset = stored_generation == kafka_generation ? stored : replay_from;
    for (const auto& [from, to] : holes) {
      if (offset >= from && offset < to) offset = to;
    }
    return offset;
  }
};

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed) {
    for (const char* topic : {"a", "b"}) {
      for (std::int32_t p = 0; p < 4; ++p) worlds_[{topic, p}] = World{};
    }
  }

  void run(int events) {
    for (int i = 0; i < events && !testing::Test::HasFatalFailure(); ++i) step();
  }

 private:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }

  void step() {
    auto item = worlds_.begin();
    std::advance(item, below(static_cast<std::int64_t>(worlds_.size())));
    const TopicPartition& tp = item->first;
    World& world = item->second;
    const std::int64_t event = below(100);
    if (event < 26) {
      deliver(tp, world);
    } else if (event < 46) {
      store(tp, world);
    } else if (event < 66) {
      arrive();
    } else if (event < 74) {
      lie(tp, world);
    } else if (event < 84) {
      commit();
    } else if (event < 90) {
      answer_commit();
    } else if (event < 94) {
      position(tp, world);
    } else if (event < 96) {
      if (world.assignment) {
        revoke(tp, world);
      } else {
        assign(tp, world);
      }
    } else if (event < 99) {
      if (!world.assignment) assign(tp, world);
    } else if (!world.assignment && below(2) == 0) {
      replay(world);
    } else if (below(200) == 0) {
      end();
    }
    check(tp, world);
  }

  void assign(const TopicPartition& tp, World& world) {
    // The start-position table in short: a newer generation in Kafka is a replay, otherwise the
    // sink's offset is the truth.
    const bool replayed = world.kafka_generation > world.stored_generation;
    const std::int64_t proven = replayed ? world.kafka_committed : world.stored;
    if (replayed && world.pipe_generation < world.kafka_generation) {
      world.pipe_generation = world.kafka_generation;
      world.in_pipe = proven;
      world.delivered_before = 0;
      world.holes.clear();
    }
    const std::int64_t first = std::max(proven, world.delivered_before);
    const OffsetTracker::Start start{world.kafka_committed, proven, first, world.kafka_generation};
    tracker_.assign(tp, start);
    world.assignment.emplace(start);
    world.last_due = -1;
    world.in_pipe = std::max(world.in_pipe, first);
  }

  void revoke(const TopicPartition& tp, World& world) {
    world.delivered_before = world.assignment->delivered();
    world.assignment.reset();
    tracker_.unassign(tp);
  }

  /// The process ends and another begins: nothing of it is remembered but Kafka and the sink. Its
  /// acknowledgements may still be on their way.
  void end() {
    tracker_.unassign_all();
    for (auto& one : worlds_) {
      World& world = one.second;
      world.assignment.reset();
      world.delivered_before = 0;
      world.in_pipe = world.stored;
      world.pipe_generation = world.stored_generation;
      std::erase_if(world.holes, [&](const auto& hole) { return hole.first > world.stored; });
    }
    commits_.clear();
  }

  /// kseek, while nobody reads.
  void replay(World& world) {
    world.kafka_committed = world.replay_from = below(world.kafka_committed + 20);
    ++world.kafka_generation;
  }

  void deliver(const TopicPartition& tp, World& world) {
    const std::int64_t base = world.assignment ? world.assignment->delivered() : 0;
    const std::int64_t next = std::max(base, world.hole_end()) + 1 + below(10);
    if (below(10) == 0) tracker_.delivered(tp, below(next));  // said again: nothing new
    tracker_.delivered(tp, next);
    if (below(10) == 0) tracker_.delivered(tp, below(next));
    if (!world.assignment) return;
    world.assignment->deliver(next);
    world.in_pipe = std::max(world.in_pipe, next);
  }

  void store(const TopicPartition& tp, World& world) {
    const bool adopts = world.pipe_generation > world.stored_generation;
    const std::int64_t from = adopts ? world.replay_from : world.stored;
    if (world.in_pipe <= from) return;
    world.stored = from + 1 + below(world.in_pipe - from);
    world.stored_generation = world.pipe_generation;
    if (below(4) != 0) acks_.push_back({tp, world.stored, world.stored_generation});
  }

  void arrive() {
    if (acks_.empty()) return;
    // From anywhere in the queue: an ack may be overtaken, come late or come twice.
    const auto at = acks_.begin() + below(static_cast<std::int64_t>(acks_.size()));
    const Checkpoint ack = *at;
    if (below(4) != 0) acks_.erase(at);
    if (acks_.size() > 40) acks_.pop_front();
    give(ack);
  }

  /// Acks that no sink of ours has sent. (One that is neither ahead of the delivery nor of another
  /// generation cannot be told from a true one.)
  void lie(const TopicPartition& tp, World& world) {
    const std::int64_t delivered = world.assignment ? world.assignment->delivered() : 0;
    switch (below(3)) {
      case 0:
        give({tp, delivered + 1 + below(1000), world.kafka_generation});
        break;
      case 1:
        give({tp, below(delivered + 10), world.kafka_generation + 1 + below(3)});
        break;
      default:
        give({{"other", static_cast<std::int32_t>(below(3))}, below(100), 0});
    }
  }

  void give(const Checkpoint& ack) {
    const auto found = worlds_.find(ack.tp);
    Ack expected = Ack::not_assigned;
    if (found != worlds_.end() && found->second.assignment)
      expected = found->second.assignment->ack(ack);
    ASSERT_EQ(static_cast<int>(tracker_.acked(ack)), static_cast<int>(expected))
        << to_string(ack.tp) << "@" << ack.offset << " gen " << ack.generation;
  }

  void position(const TopicPartition& tp, World& world) {
    const bool sink_decides = below(2) == 0;
    if (world.assignment) {
      const std::int64_t delivered = world.assignment->delivered();
      if (world.hole_end() <= delivered) {
        world.holes.emplace_back(delivered, delivered + 1 + below(5));
      }
      world.assignment->position(world.hole_end(), sink_decides);
      if (sink_decides) world.in_pipe = std::max(world.in_pipe, world.hole_end());
    }
    tracker_.position(tp, world.hole_end(), sink_decides);
  }

  void commit() {
    std::vector<Checkpoint> expected;
    for (auto& [tp, world] : worlds_) {
      if (world.assignment && world.assignment->acked() > world.assignment->committed()) {
        expected.push_back({tp, world.assignment->acked(), world.assignment->generation()});
      }
    }
    const std::vector<Checkpoint> due = tracker_.committable();
    ASSERT_EQ(due, expected);
    for (const Checkpoint& c : due) {
      World& world = worlds_.at(c.tp);
      ASSERT_EQ(c.generation, world.kafka_generation) << "an older generation came out";
      ASSERT_GE(c.offset, world.last_due) << "went back within an assignment";
      world.last_due = c.offset;
      // I1: what Kafka is told is in the sink.
      ASSERT_LE(c.offset, world.durable()) << to_string(c.tp);
      ASSERT_GE(c.offset, world.kafka_committed) << "Kafka's offset went back";
      if (below(8) == 0) continue;  // this commit is lost on its way
      world.kafka_committed = c.offset;
      commits_.push_back(c);
    }
  }

  /// Kafka's answer, perhaps long after.
  void answer_commit() {
    if (commits_.empty()) return;
    const Checkpoint c = commits_.front();
    commits_.pop_front();
    if (below(10) == 0) return;
    tracker_.committed(c.tp, c.offset);
    World& world = worlds_.at(c.tp);
    if (world.assignment) world.assignment->commit(c.offset);
  }

  void check(const TopicPartition& tp, const World& world) {
    if (!world.assignment) {
      ASSERT_FALSE(tracker_.is_assigned(tp));
      ASSERT_FALSE(tracker_.acked_offset(tp));
      return;
    }
    const NaiveAssignment& naive = *world.assignment;
    ASSERT_EQ(tracker_.delivered_offset(tp), naive.delivered());
    ASSERT_EQ(tracker_.acked_offset(tp), naive.acked());
    ASSERT_EQ(tracker_.committed_offset(tp), naive.committed());
    ASSERT_LE(naive.acked(), naive.delivered());
    ASSERT_EQ(tracker_.unacknowledged(tp), naive.delivered() - naive.acked());
    if (below(64) != 0) return;
    std::int64_t sum = 0;
    std::size_t open = 0;
    for (const auto& [other, state] : worlds_) {
      if (!state.assignment) continue;
      const std::int64_t gap = state.assignment->delivered() - state.assignment->acked();
      sum += gap;
      if (gap > 0) ++open;
    }
    ASSERT_EQ(tracker_.unacknowledged(), sum);
    ASSERT_EQ(tracker_.outstanding().size(), open);
  }

  std::mt19937_64 random_;
  OffsetTracker tracker_;
  std::map<TopicPartition, World> worlds_;
  std::deque<Checkpoint> acks_;
  std::deque<Checkpoint> commits_;
};

TEST(AckTrackerProperty, a_million_events_keep_every_promise) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run(100'000);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace kpipe
