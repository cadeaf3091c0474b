// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/part_book.hpp"

#include <algorithm>
#include <utility>

#include "tools/ksink-file/name_template.hpp"

namespace kpipe {

PartBook::PartBook(PartitionState state, RotationRules rules, std::string form)
    : state_(std::move(state)), rules_(rules), form_(std::move(form)) {
  for (const auto& [id, part] : state_.parts) {
    if (part.form == form_) open_[part.group] = id;
  }
  if (!state_.parts.empty()) next_past_ = state_.newest_ts;  // finds out with the next record
}

template <typename Condition>
void PartBook::close_if(const Condition& condition) {
  for (const auto& [id, part] : state_.parts) {
    if (!closing_.contains(id) && condition(part)) close(id);
  }
}

void PartBook::close(std::uint64_t id) {
  closing_.insert(id);
  const PartState& part = state_.parts.at(id);
  const auto open = open_.find(part.group);
  if (open != open_.end() && open->second == id) open_.erase(open);
  if (last_part_ == &part) last_part_ = nullptr;
}

void PartBook::close_full() {
  for (const std::uint64_t id : grown_) {
    if (!closing_.contains(id) && rules_.is_full(state_.parts.at(id))) close(id);
  }
}

void PartBook::close_due(std::int64_t now_ms) {
  close_if([&](const PartState& part) { return rules_.is_due(part, now_ms); });
}

void PartBook::close_foreign() {
  close_if([&](const PartState& part) { return part.form != form_; });
}

void PartBook::close_all() {
  close_if([](const PartState&) { return true; });
}

PartState& PartBook::take(const Line& line, std::int64_t now_ms) {
  if (line.timestamp_ms && (!state_.newest_ts || *line.timestamp_ms > *state_.newest_ts)) {
    state_.newest_ts = line.timestamp_ms;
    if (next_past_ && *state_.newest_ts >= *next_past_) {
      close_if([&](const PartState& part) { return rules_.is_past(part, *state_.newest_ts); });
      next_past_.reset();
      for (const auto& [id, part] : state_.parts) {
        if (closing_.contains(id) || !part.first_ts || !rules_.event_time) continue;
        const std::int64_t past = *part.first_ts + rules_.event_time->count();
        next_past_ = next_past_ ? std::min(*next_past_, past) : past;
      }
    }
  }
  if (last_part_ == nullptr || last_group_ != line.group) {
    last_group_ = line.group;
    const auto open = open_.find(last_group_);
    last_part_ = open == open_.end() ? nullptr : &state_.parts.at(open->second);
  }
  if (last_part_ != nullptr && last_part_->end != line.offset && rules_.is_full(*last_part_)) {
    close(last_part_->id);
  }
  if (last_part_ == nullptr) {
    const std::uint64_t id = ++state_.last_id;
    PartState& part = state_.parts[id];
    part.id = id;
    part.form = form_;
    part.group = line.group;
    part.name = line.name();
    part.start = line.offset;
    part.opened = now_ms;
    open_[last_group_] = id;
    last_part_ = &part;
  }
  PartState& part = *last_part_;
  if (!part.first_ts && line.timestamp_ms) {
    part.first_ts = line.timestamp_ms;
    if (rules_.event_time) {
      const std::int64_t past = *part.first_ts + rules_.event_time->count();
      next_past_ = next_past_ ? std::min(*next_past_, past) : past;
    }
  }
  if (part.records == 0 || part.end != line.offset) ++part.records;
  part.end = line.offset;
  part.bytes += line.bytes;
  grown_.insert(part.id);
  return part;
}

ManifestChange PartBook::change(const Checkpoint& stored) {
  ManifestChange change;
  change.stored = stored;
  change.newest_ts = state_.newest_ts;
  change.last_id = state_.last_id;
  change.epoch = state_.epoch;
  for (const std::uint64_t id : grown_) {
    if (!closing_.contains(id)) change.parts.push_back(state_.parts.at(id));
  }
  for (const std::uint64_t id : closing_) {
    const PartState& part = state_.parts.at(id);
    change.closed.push_back(
        {id, NameTemplate::finished(part.name, part.end), part.records, part.length, part.inode});
  }
  change.named = std::move(named_);
  last_part_ = nullptr;
  apply(change, state_);
  grown_.clear();
  closing_.clear();
  named_.clear();
  return change;
}

}  // namespace kpipe
