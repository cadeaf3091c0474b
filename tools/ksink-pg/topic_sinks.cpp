// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/topic_sinks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/error.hpp"
#include "tools/ksink-pg/batch_shares.hpp"

namespace kpipe {

TopicSinks::TopicSinks(const PgSinkOptions& options) : name_("pg:" + options.topic_model) {
  const auto shared = std::make_shared<PgShared>();
  for (const TopicTable& topic : options.topics) {
    PgSinkOptions own = options;
    own.table = topic.table;
    own.sink.sink_id = topic.sink_id;
    places_.emplace(topic.topic, parts_.size());
    parts_.push_back({topic.topic, std::make_unique<PgSink>(own, shared)});
  }
}

std::size_t TopicSinks::part_of(const std::string& topic) const {
  const auto found = places_.find(topic);
  if (found != places_.end()) return found->second;
  throw Error(Exit::data,
              "topic " + topic +
                  ": is not one of --allow-topics: none of its records is stored. Add it to the "
                  "list, or leave it out of what kconsume reads");
}

std::vector<Checkpoint> TopicSinks::open() {
  std::vector<Checkpoint> all;
  for (const Part& part : parts_) {
    for (Checkpoint& one : part.sink->open()) {
      // The table may have been fed from other topics, by a run of its own.
      if (one.tp.topic == part.topic) all.push_back(std::move(one));
    }
  }
  return all;
}

void TopicSinks::identify(const SourceIdentity& source) {
  for (const Part& part : parts_) part.sink->identify(source);
}

std::vector<Checkpoint> TopicSinks::stored(const std::vector<TopicPartition>& partitions) {
  std::map<std::size_t, std::vector<TopicPartition>> shares;
  for (const TopicPartition& tp : partitions) shares[part_of(tp.topic)].push_back(tp);
  std::vector<Checkpoint> all;
  for (const auto& [place, share] : shares) {
    std::vector<Checkpoint> some = parts_[place].sink->stored(share);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Batch> TopicSinks::split(const Batch& batch) const {
  return batch_shares(batch, parts_.size(),
                      [this](const std::string& topic) { return part_of(topic); });
}

Sink::Outcome TopicSinks::store(const Batch& batch) {
  const std::string& first = batch.ranges().front().tp.topic;
  if (std::all_of(batch.ranges().begin(), batch.ranges().end(),
                  [&](const Batch::Range& range) { return range.tp.topic == first; }))
    return parts_[part_of(first)].sink->store(batch);
  Outcome outcome = Outcome::stored;
  std::vector<Batch> shares = split(batch);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].empty()) continue;
    if (parts_[i].sink->store(shares[i]) == Outcome::conflict) outcome = Outcome::conflict;
    shares[i] = Batch();
  }
  return outcome;
}

RowCounts TopicSinks::counts() const {
  RowCounts all;
  for (const Part& part : parts_) all += part.sink->counts();
  return all;
}

}  // namespace kpipe
