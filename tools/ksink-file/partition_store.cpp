// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/partition_store.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/parse.hpp"
#include "tools/ksink-file/name_text.hpp"
#include "tools/ksink-file/takeover.hpp"

namespace kpipe {
namespace {

constexpr unsigned kFolderMode = 0700;  // only for us: offsets, and records that are not complete

}  // namespace

PartitionStore::PartitionStore(const StoreContext& context, TopicPartition tp)
    : context_(context), tp_(std::move(tp)), name_(folder_of(tp_)) {}

std::string PartitionStore::folder_of(const TopicPartition& tp) {
  return name_of_text(tp.topic) + "-" + std::to_string(tp.partition);
}

bool PartitionStore::is_folder(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  return dash != std::string_view::npos && parse_int(name.substr(dash + 1)).value_or(-1) >= 0;
}

std::optional<PartitionState> PartitionStore::peek(const Folder& state, const std::string& folder) {
  const auto found = state.sub(folder);
  if (!found) return std::nullopt;
  auto stored = ManifestFile::peek(*found);
  const auto from = stored ? std::nullopt : taken_from(*found);
  return from ? peek(state, *from) : stored;
}

void PartitionStore::open_folder(bool make) {
  if (folder_) return;
  if (make) {
    folder_ = context_.state.sub_or_make(name_, kFolderMode);
  } else {
    folder_ = context_.state.sub(name_);
  }
  if (folder_) lock_.emplace(*folder_);
}

bool PartitionStore::lock(Wait wait, bool make) {
  for (;;) {
    open_folder(make);
    if (!folder_) return false;
    if (wait == Wait::no && !lock_->try_take()) return false;
    if (wait == Wait::yes && !lock_->take_within(context_.lock_timeout)) take_from_owner();
    // Another folder may have got the name meanwhile; then this one is nobody's.
    if (context_.state.identity_of(name_) == folder_->identity()) break;
    folder_.reset();
    lock_.reset();
    book_.reset();
  }
  refresh();
  return true;
}

void PartitionStore::take_from_owner() {
  const std::string owner = lock_->owner();
  if (!take_over(context_.state, name_, *folder_)) lock_->throw_held(context_.lock_timeout);
  log::warning(to_string(tp_) + ": was being stored by " + owner +
               ", which is stopped: taken over. What it stores from now on does not count");
}

void PartitionStore::unlock() noexcept {
  lock_->release();
}

void PartitionStore::refresh() {
  if (const auto from = taken_from(*folder_)) finish_takeover(context_.state, *folder_, *from);
  was_changed_ = book_ && !manifest_.is_current(*folder_);
  if (book_ && !was_changed_) return;
  auto state = manifest_.load(*folder_);
  is_stored_ = state.has_value();
  if (!state) state.emplace();
  files_.begin(state->epoch);
  published_.clear();
  PartFiles::remove_strangers(*folder_, *state);
  book_.emplace(std::move(*state), context_.rules, context_.form, context_.has_hook);
}

std::optional<StoredOffset> PartitionStore::stored() const {
  if (!is_stored_) return std::nullopt;
  const Checkpoint& stored = book_->state().stored;
  return StoredOffset{stored.offset, stored.generation, stored.topic_id};
}

std::optional<std::int64_t> PartitionStore::next_due() const {
  if (!book_ || !context_.rules.interval) return std::nullopt;
  std::optional<std::int64_t> next;
  for (const auto& [id, part] : book_->state().parts) {
    const std::int64_t due = part.opened + context_.rules.interval->count();
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

void PartitionStore::begin(std::int64_t generation) {
  book_->close_foreign();
  if (is_stored_ && book_->state().stored.generation != generation) book_->close_all();
}

void PartitionStore::add(const Record& record, std::string_view group, std::string_view line,
                         const std::function<std::string()>& name, std::int64_t now_ms) {
  const PartState& part =
      book_->take({record.offset, record.timestamp_ms, group, line.size() + 1, name}, now_ms);
  OutBuffer& lines = files_.lines(part.id);
  lines.append(line);
  lines.append('\n');
}

void PartitionStore::write(std::size_t most_open, Syncing syncing) {
  book_->close_full();
  std::vector<PartState*> parts;
  for (const std::uint64_t id : book_->grown()) parts.push_back(&book_->part(id));
  files_.write(*folder_, parts, context_.encoder, most_open, syncing);
}

void PartitionStore::record(const Checkpoint& stored) {
  const ManifestChange change = book_->change(stored);
  manifest_.write(*folder_, change, book_->state());
  files_.keep();
  is_stored_ = true;
  for (const ClosedFile& file : change.closed) files_.close(file.id);
}

void PartitionStore::check_owner() const {
  if (context_.state.identity_of(name_) == folder_->identity()) return;
  throw Error(Exit::temp_fail,
              to_string(tp_) +
                  ": another process has taken it over while this one was stopped in the middle of "
                  "storing. What was stored since does not count and was not acknowledged. Start "
                  "the pipeline again");
}

void PartitionStore::give_up() noexcept {
  files_.cut_back(*folder_);
  book_.reset();
}

void PartitionStore::record_closed() {
  if (!is_stored_ || !book_->has_changes()) return;
  try {
    record(book_->state().stored);
    sync_record();
  } catch (const Error&) {
    give_up();
    throw;
  }
}

void PartitionStore::give_names(Syncing syncing) {
  std::vector<Publisher::Due> due;
  for (const auto& [id, file] : book_->state().closed) {
    if (published_.contains(id)) continue;
    due.push_back({PartFiles::name_of(book_->state().epoch, id), &file});
  }
  context_.publisher.publish(context_.state, name_, std::move(due), syncing);
}

std::vector<ClosedFile> PartitionStore::take_named() {
  std::vector<ClosedFile> named;
  for (const auto& [id, file] : book_->state().closed) {
    if (published_.insert(id).second) named.push_back(file);
  }
  return named;
}

void PartitionStore::finished(std::uint64_t id) {
  published_.erase(id);
  if (book_->state().closed.contains(id)) book_->named(id);
}

}  // namespace kpipe
