// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/part_book.hpp"

#include <utility>

#include "tools/ksink-file/name_template.hpp"

namespace kpipe {

PartBook::PartBook(PartitionState state, RotationRules rules, std::string form, bool has_hook)
    : state_(std::move(state)), rules_(rules), form_(std::move(form)), has_hook_(has_hook) {
  for (const auto& [id, part] : state_.parts) {
    if (rules_.event_time && part.first_ts) by_begin_.emplace(*part.first_ts, id);
    if (part.form != form_) continue;
    open_[part.group] = id;
    by_end_.emplace(part.end, id);
    if (rules_.is_full(part)) full_.push_back(id);  // by rules that are new
  }
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
  by_end_.erase({part.end, id});
  if (part.first_ts) by_begin_.erase({*part.first_ts, id});
  if (last_part_ == &part) last_part_ = nullptr;
}

void PartBook::close_full() {
  for (const std::uint64_t id : full_) {
    if (state_.parts.contains(id) && !closing_.contains(id)) close(id);
  }
  full_.clear();
}

void PartBook::close_past() {
  while (!by_begin_.empty()) {
    const std::uint64_t id = by_begin_.begin()->second;
    if (!rules_.is_past(state_.parts.at(id), *state_.newest_ts)) return;
    close(id);
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
  // At once, and not only when a part's next record comes: what is open decides which file is
  // closed for another, and at the end of a batch it is closed too.
  if (line.offset != last_offset_) close_full();
  last_offset_ = line.offset;
  if (line.timestamp_ms && (!state_.newest_ts || *line.timestamp_ms > *state_.newest_ts)) {
    state_.newest_ts = line.timestamp_ms;
    close_past();
  }
  if (last_part_ == nullptr || last_group_ != line.group) {
    last_group_ = line.group;
    const auto open = open_.find(last_group_);
    last_part_ = open == open_.end() ? &begin_part(line, now_ms) : &state_.parts.at(open->second);
  }
  add_line(*last_part_, line);
  return *last_part_;
}

PartState& PartBook::begin_part(const Line& line, std::int64_t now_ms) {
  // Those with a line of this record are spared: another may come, and they have their names by it.
  while (open_.size() >= rules_.open && by_end_.begin()->first != line.offset) {
    close(by_end_.begin()->second);
  }
  const std::uint64_t id = ++state_.last_id;
  PartState& part = state_.parts[id];
  part.id = id;
  part.form = form_;
  part.group = line.group;
  part.name = line.name();
  part.start = part.end = line.offset;
  part.opened = now_ms;
  open_[part.group] = id;
  by_end_.emplace(part.end, id);
  return part;
}

void PartBook::add_line(PartState& part, const Line& line) {
  if (!part.first_ts && line.timestamp_ms) {
    part.first_ts = line.timestamp_ms;
    if (rules_.event_time) by_begin_.emplace(*part.first_ts, part.id);
  }
  if (part.records == 0 || part.end != line.offset) ++part.records;
  if (part.end != line.offset) {
    auto node = by_end_.extract({part.end, part.id});
    node.value().first = part.end = line.offset;
    by_end_.insert(by_end_.end(), std::move(node));
  }
  part.bytes += line.bytes;
  grown_.insert(part.id);
  if (rules_.is_full(part)) full_.push_back(part.id);
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
    change.closed.push_back({id, NameTemplate::finished(part.name, part.end), part.records,
                             part.length, part.inode, has_hook_});
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
