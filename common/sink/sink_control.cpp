// SPDX-License-Identifier: Apache-2.0
// The conversation of SinkLoop with kconsume.
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "common/sink/sink_loop.hpp"

namespace kpipe {

void SinkLoop::look_for_source() {
  if (!acks_.connect(input_fd_)) return;
  // Said at once, so that kconsume waits for the stored offsets while the target is being opened.
  acks_.send(SinkHello{sink_.name(), true, {}, {}});
  if (opened_) introduce();
}

void SinkLoop::introduce() {
  if (introduced_) return;
  introduced_ = true;
  SinkHello hello{sink_.name(), false, {}, {}};
  for (const auto& [tp, state] : partitions_) {
    if (state.stored)
      hello.offsets.push_back(
          Checkpoint{tp, state.stored->next, state.stored->generation, state.stored->topic_id});
  }
  acks_.send(hello);
}

void SinkLoop::remember(const std::vector<Checkpoint>& stored) {
  for (const Checkpoint& c : stored) {
    partitions_[c.tp].stored = StoredOffset{c.offset, c.generation, c.topic_id};
  }
}

/// Says what is stored of each partition and was not said yet. Never more than what this stream has
/// reached: another instance may have stored beyond it, but kconsume commits only what it
/// delivered.
void SinkLoop::acknowledge() {
  unacknowledged_duplicates_ = false;
  std::vector<Checkpoint> acks;
  for (auto& [tp, state] : partitions_) {
    if (!state.stored || state.stored->generation != state.last_generation) continue;
    const std::int64_t offset =
        std::min(state.stored->next, std::max(state.last_seen + 1, state.asked));
    if (offset > state.acked) acks.push_back(Checkpoint{tp, offset, state.stored->generation});
  }
  if (acks.empty()) return;
  // Behind a FIFO kconsume may open it late; its socket is there before its first line, or never.
  if (!options_.acks.empty() && !acks_.connected()) look_for_source();
  // What nobody hears does not count as said: the next time says it again.
  if (!acks_.connected()) return;
  for (const Checkpoint& ack : acks) partitions_[ack.tp].acked = ack.offset;
  acks_.send(acks);
}

void SinkLoop::take_control() {
  std::vector<ControlLine> received;
  acks_.pump(received);
  for (ControlLine& line : received) {
    if (line.source_hello) {
      source_ = *line.source_hello;
      heard_source_ = true;
      sink_.identify(SourceIdentity{source_.group, source_.cluster, source_.unbounded});
    } else if (line.assign) {
      answer(*line.assign);
    } else if (line.flush || line.revoke || line.bye) {
      control_.push_back(std::move(line));
    }
  }
  // Nobody hears answers any more; a goodbye that came just before still counts.
  if (!acks_.connected())
    std::erase_if(control_, [](const ControlLine& line) { return !line.bye; });
}

/// Applies what is due: on a direct pipe a message counts from the byte at which it was said.
void SinkLoop::apply_control() {
  while (!control_.empty()) {
    const ControlLine& line = control_.front();
    const std::uint64_t at_byte = line.flush    ? line.flush->at_byte
                                  : line.revoke ? line.revoke->at_byte
                                                : line.bye->at_byte;
    const bool due = !source_.direct || reader_.consumed() >= at_byte || reader_.at_eof();
    if (!due) return;
    if (line.flush) {
      apply(*line.flush);
    } else if (line.revoke) {
      store();
      sink_.revoked(line.revoke->partitions);
    } else {
      said_bye_ = true;
      end_ = line.bye->end;
    }
    control_.pop_front();
  }
}

/// Where all was written before we connected, the input may end before kconsume has answered.
void SinkLoop::hear_source() {
  const auto begun = Clock::now();
  while (acks_.two_way() && !heard_source_ && !stop::requested() &&
         Clock::now() - begun < kStopGrace) {
    pollfd channel{acks_.fd(), acks_.events(), 0};
    if (::poll(&channel, 1, 250) < 0 && errno != EINTR) throw system_error("poll", errno);
    take_control();
  }
}

/// Behind a filter kconsume learns only from us that no record is on its way any more. What it then
/// wants stored is positions above them. It has said goodbye, so it will close the channel soon.
void SinkLoop::serve_to_the_end() {
  if (source_.direct || !said_bye_ || !acks_.two_way()) return;
  const auto begun = Clock::now();
  const auto goes_on = [&] { return !stop::requested() || Clock::now() - begun < kStopGrace; };
  acks_.send(InputEnded{});
  while (acks_.connected() && goes_on()) {
    pollfd channel{acks_.fd(), acks_.events(), 0};
    if (::poll(&channel, 1, 250) < 0 && errno != EINTR) throw system_error("poll", errno);
    take_control();
    apply_control();
  }
}

void SinkLoop::apply(const Flush& request) {
  // Through a filter we cannot know that all records below the offset have come: only what is here
  // is stored. Unless kconsume knows, by our own acknowledgements.
  if (source_.direct || request.settled) {
    for (const Checkpoint& upto : request.upto) advance(upto);
  }
  store();
  acknowledge();
}

/// The same in the data stream: kconsume has written all below it, and here all that a filter let
/// through has come.
void SinkLoop::take_mark(const Mark& mark) {
  open_record_.reset();
  saw_mark_ = true;
  const Checkpoint& upto = mark.upto;
  Partition& state = partition(upto.tp.topic, upto.tp.partition);
  check_order(state, upto.tp, upto.offset, upto.generation);
  if (upto.generation > state.last_generation) {
    state.asked = state.acked = state.marked = 0;
    state.last_seen = -1;
  }
  advance(upto);
  state.marked = upto.offset;
  if (!mark.flush) return;
  store();
  acknowledge();
}

/// There are no records between what we have and `upto`: the stored offset may move there.
void SinkLoop::advance(const Checkpoint& upto) {
  Partition& state = partition(upto.tp.topic, upto.tp.partition);
  const Batch::Range* in_batch = batch_.find(upto.tp.topic, upto.tp.partition);
  const std::int64_t reached = in_batch != nullptr ? in_batch->next
                               : state.stored      ? state.stored->next
                                                   : 0;
  const std::int64_t generation = in_batch != nullptr ? in_batch->generation
                                  : state.stored      ? state.stored->generation
                                                      : upto.generation;
  if (upto.generation < generation) return;
  state.asked = upto.offset;
  state.last_generation = upto.generation;
  const bool is_known = in_batch != nullptr || state.stored;
  if (is_known && upto.generation == generation && upto.offset <= reached) return;
  const bool is_new = in_batch == nullptr;
  Batch::Range& range = batch_.range(batch_.range_of(upto.tp.topic, upto.tp.partition));
  if (is_new) {
    range.expected = state.stored;
    range.topic_id = topic_id(range.tp.topic);
    batch_since_ = Clock::now();
  }
  range.generation = upto.generation;
  range.next = upto.offset;
}

/// kconsume asks where to start: read afresh, another instance may have stored more since.
void SinkLoop::answer(const Assign& request) {
  const std::vector<Checkpoint> stored = sink_.stored(request.partitions);
  for (const auto& [topic, id] : request.topic_ids) topic_ids_[topic] = id;
  for (const TopicPartition& tp : request.partitions) {
    // Records of an earlier assignment may still wait in the batch; their compare-and-set settles
    // it.
    Partition& state = partitions_[tp];
    if (batch_.find(tp.topic, tp.partition) == nullptr) state.stored.reset();
    state.acked = 0;  // kconsume's books of this partition start anew
  }
  for (const Checkpoint& c : stored) {
    if (batch_.find(c.tp.topic, c.tp.partition) != nullptr) continue;
    partitions_[c.tp].stored = StoredOffset{c.offset, c.generation, c.topic_id};
  }
  acks_.send(SinkHello{sink_.name(), false, request.request, stored});
}

}  // namespace kpipe
