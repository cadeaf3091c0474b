// SPDX-License-Identifier: Apache-2.0
// PgSink: how a batch becomes rows, in one transaction.
#include <algorithm>

#include "common/base/log.hpp"
#include "tools/ksink-pg/copy_batch.hpp"
#include "tools/ksink-pg/isolate.hpp"
#include "tools/ksink-pg/merge_batch.hpp"
#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {
namespace {

std::string ranges_of(const Batch& batch) {
  std::string text;
  for (const Batch::Range& range : batch.ranges()) {
    if (!text.empty()) text += ", ";
    text += to_string(range.tp) + " up to " + std::to_string(range.next);
  }
  return text;
}

EntryRange all_of(const Batch& batch) {
  return {0, static_cast<std::uint32_t>(batch.entries().size())};
}

}  // namespace

Sink::Outcome PgSink::store(const Batch& batch) {
  bool again = false;
  return retrying([&]() -> Outcome {
    // A connection lost while COMMIT was under way leaves it open whether the batch is stored.
    if (again) {
      const auto outcome = settled(batch);
      if (outcome == Outcome::conflict && replacement_) lost_aside();
      if (outcome) return *outcome;
    }
    again = true;
    const Outcome outcome = store_somehow(batch);
    if (outcome == Outcome::conflict && replacement_) lost_aside();
    return outcome;
  });
}

/// All rows at once; where one of them is refused, by looking for it.
Sink::Outcome PgSink::store_somehow(const Batch& batch) {
  Way way = Way::whole;
  bool looked = false;  // whether the table is still as it was
  for (;;) {
    try {
      const Outcome outcome = attempt(batch, way);
      if (outcome == Outcome::conflict && !table_changed()) {
        log::info("another instance stored first: " + ranges_of(batch));
      }
      return outcome;
    } catch (const RefusedRow& row) {
      const bool unknown_field = dynamic_cast<const UnknownFieldError*>(&row) != nullptr;
      if (!looked) {
        looked = true;
        if (table_changed() || (unknown_field && options_.rows.evolve)) {
          evolve(batch);
          continue;
        }
      }
      const bool one = row.entries() && row.entries()->size() == 1;
      if (way == Way::checking || (one && !(rejects_ && way == Way::whole))) throw;
      way = way == Way::whole ? Way::isolating : Way::checking;
    } catch (const PgError& error) {
      const bool may_heal =
          error.kind() == SqlStateClass::schema || error.kind() == SqlStateClass::missing;
      if (looked || !may_heal || !table_changed()) throw;
      looked = true;
    }
  }
}

/// After a failure: what the stored offsets say about the batch; nullopt when nothing of it is
/// stored and it is to be repeated. A COMMIT of ours that the server still works on is no danger:
/// it holds the locks, and the repetition will then find other offsets than it expects.
std::optional<Sink::Outcome> PgSink::settled(const Batch& batch) {
  const std::vector<StoredPartition> rows = offsets_.read(*connection_);
  bool all_as_wanted = true;
  bool all_as_expected = true;
  for (const Batch::Range& range : batch.ranges()) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const StoredPartition& stored) {
      return stored.checkpoint.tp == range.tp;
    });
    std::optional<StoredOffset> now;
    if (row != rows.end()) now = StoredOffset{row->checkpoint.offset, row->checkpoint.generation};
    all_as_wanted = all_as_wanted && now == StoredOffset{range.next, range.generation};
    all_as_expected = all_as_expected && now == range.expected;
  }
  if (all_as_wanted) return Outcome::stored;
  if (all_as_expected) return std::nullopt;
  return Outcome::conflict;
}

Sink::Outcome PgSink::attempt(const Batch& batch, Way way) {
  try {
    if (replacement_ && !options_.dry_run) replacement_->hold();
    Ahead ahead = take_ahead(batch, way);
    PgTransaction& transaction = *ahead.transaction;
    if (replacement_ && options_.dry_run && replacement_->has_target()) {
      replacement_->make_aside(*connection_);
      target_.find(*connection_);
    }
    Stored stored;
    stored.rows.assign(batch.ranges().size(), 0);
    if (evolves_) rehearsal_.statement = target_.add_columns(*connection_, batch);
    if (evolves_ && replacement_ && !rehearsal_.statement.empty())
      rehearsal_.statement = as_of_target(rehearsal_.statement);
    if (changes_rows(batch)) {
      prepare_columns(batch);
      stored = way == Way::whole ? send_whole(batch, ahead.entries) : send_isolating(batch, way);
    } else {
      stored.counts.skipped = batch.entries().size();
    }
    if (options_.dry_run) {
      check_constraints(batch, all_of(batch));
      rehearsal_.counts = stored.counts;
      if (!created_by_.empty()) rehearsal_.statement = created_by_;
      return Outcome::stored;
    }
    PgDiagnostics failure;
    const int succeeded = connection_->exec_until_failure(
        offsets_.move_statement(*connection_, batch, stored.rows, source_, target_) + "; COMMIT",
        failure);
    if (succeeded == 2) {
      transaction.committed();
      after_commit(stored);
      return Outcome::stored;
    }
    if (succeeded == 0 && failure.sqlstate == OffsetsTable::kConflict) {
      forget_columns();
      return Outcome::conflict;
    }
    // COMMIT looks at constraints that are deferred.
    if (succeeded == 1 && classify_sqlstate(failure.sqlstate) == SqlStateClass::data &&
        !batch.entries().empty())
      throw refused_rows(failure, batch, all_of(batch), target_.display());
    throw PgError("cannot store " + ranges_of(batch), failure);
  } catch (...) {
    forget_columns();
    throw;
  }
}

/// `fed`: so many of its entries were fed to the writer already.
PgSink::Stored PgSink::send_whole(const Batch& batch, std::uint32_t fed) {
  const EntryRange all = all_of(batch);
  if (fed == 0) {
    writer_->begin(*connection_, batch);
    writer_->load(*connection_, batch, all, *encoder_);
  } else {
    writer_->feed(*connection_, batch, {fed, all.end}, *encoder_);
    writer_->finish(*connection_, batch, all, *encoder_);
  }
  writer_->count_ignored(writer_->apply(*connection_, batch, all));
  return {writer_->rows(), writer_->counts(), {}};
}

/// Each refused record is set aside, or ends the run, named.
PgSink::Stored PgSink::send_isolating(const Batch& batch, Way way) {
  const EntryRange all = all_of(batch);
  const std::uint64_t most = rejects_left();
  writer_->begin(*connection_, batch);
  std::vector<RefusedRow> refusals = isolate(all, most, [&](EntryRange part) {
    PgSavepoint savepoint(*connection_);
    writer_->load(*connection_, batch, part, *encoder_);
    if (way == Way::checking && !writer_->staged()) check_constraints(batch, part);
    savepoint.release();
  });
  if (writer_->staged() && refusals.size() <= most) {
    writer_->prepare_parts(*connection_);
    const std::vector<RefusedRow> late = isolate(all, most - refusals.size(), [&](EntryRange part) {
      PgSavepoint savepoint(*connection_);
      const std::uint64_t ignored = writer_->apply(*connection_, batch, part);
      if (way == Way::checking) check_constraints(batch, part);
      savepoint.release();
      writer_->count_ignored(ignored);
    });
    for (const RefusedRow& row : late) writer_->take_back(batch.entries()[row.entries()->first]);
    refusals.insert(refusals.end(), late.begin(), late.end());
    std::stable_sort(refusals.begin(), refusals.end(), [](const auto& a, const auto& b) {
      return a.entries()->first < b.entries()->first;
    });
  }
  if (refusals.size() > most) refuse(refusals[static_cast<std::size_t>(most)]);
  if (way == Way::isolating) check_constraints(batch, all);
  Stored stored{writer_->rows(), writer_->counts(), std::move(refusals)};
  stored.counts.rejected = stored.refusals.size();
  if (!stored.refusals.empty() && !options_.dry_run)
    rejects_->put(*connection_, batch, stored.refusals, sink_id());
  return stored;
}

/// Those that are deferred. As one row may need another of its batch, this comes last; only when
/// it fails, each part is looked at by itself.
void PgSink::check_constraints(const Batch& batch, EntryRange part) {
  try {
    connection_->exec("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED",
                      "cannot check the constraints of " + target_.display());
  } catch (const PgError& error) {
    if (error.kind() != SqlStateClass::data) throw;
    throw refused_rows(error.diagnostics(), batch, part, target_.display());
  }
}

std::uint64_t PgSink::rejects_left() const {
  if (!rejects_) return 0;
  return options_.rejects.most ? *options_.rejects.most - shared_->rejected : UINT64_MAX;
}

void PgSink::refuse(const RefusedRow& row) const {
  if (!rejects_) throw row;
  throw Error(Exit::data, std::string(row.what()) +
                              "; of this run that is one more than --max-rejects " +
                              std::to_string(*options_.rejects.most) + " allows");
}

void PgSink::after_commit(const Stored& stored) {
  counts_ += stored.counts;
  shared_->rejected += stored.counts.rejected;
  if (!created_by_.empty()) {
    if (replacement_) {
      aside_made_by_ = as_of_target(created_by_);
    } else {
      log::notice("created a table: " + created_by_);
    }
  }
  created_by_.clear();
  if (!rejects_) return;
  rejects_->committed();
  if (stored.refusals.empty()) return;
  const std::size_t more = stored.refusals.size() - 1;
  log::warning(std::string(stored.refusals.front().what()) + "; set aside in " + rejects_->name() +
               (more == 0 ? "" : ", with " + std::to_string(more) + " more"));
}

void PgSink::prepare_columns(const Batch& batch) {
  if (encoder_) return;
  if (!target_.exists()) {
    created_by_ = target_.create(*connection_, batch);
    if (replacement_ && !options_.dry_run) {
      if (created_by_.empty()) lost_aside();
      replacement_->adopt(*connection_, target_);
    }
  }
  encoder_.emplace(target_.columns(), target_.display(),
                   RowRules{target_.key(), options_.rows.evolve, options_.nul});
  writer_ = make_writer();
}

std::unique_ptr<RowWriter> PgSink::make_writer() const {
  const RowPolicy& policy = options_.rows;
  const std::string table = target_.sql_name(*connection_);
  if (policy.strategy == Strategy::append) {
    return std::make_unique<CopyBatch>(table, target_.display(), target_.table(), policy.on_null);
  }
  MergePlan plan{table, {}, target_.key().columns, policy.strategy == Strategy::merge};
  for (const Column& column : encoder_->map().columns())
    plan.columns.push_back(connection_->identifier(column.name));
  return std::make_unique<MergeBatch>(std::move(plan), target_.display(), policy.on_null);
}

/// Tombstones alone are no reason to make a table: nobody could say of what columns.
bool PgSink::changes_rows(const Batch& batch) const {
  const OnNull on_null = options_.rows.on_null;
  const bool tombstones_matter =
      on_null == OnNull::fail || (on_null != OnNull::skip && target_.exists());
  return std::any_of(batch.entries().begin(), batch.entries().end(),
                     [&](const Batch::Entry& entry) {
                       return tombstones_matter || !entry.record.value.is_null();
                     });
}

/// A table created in a transaction that did not commit is not there.
void PgSink::forget_columns() {
  if (rejects_) rejects_->rolled_back();
  if (created_by_.empty()) return;
  created_by_.clear();
  encoder_.reset();
  writer_.reset();
  target_.forget();
}

/// Somebody may have altered the table since it was looked at, or put another in its place.
bool PgSink::table_changed() {
  if (!connection_->usable()) return false;
  const std::int64_t oid = target_.oid();
  const std::vector<Column> columns = target_.columns().columns();
  target_.find(*connection_);
  if (replacement_ && !options_.dry_run && target_.oid() != oid) lost_aside();
  if (!options_.dry_run) refuse_lost_rows(offsets_.read(*connection_));
  if (target_.oid() == oid && target_.columns().columns() == columns) return false;
  encoder_.reset();
  writer_.reset();
  return true;
}

/// Another instance may have added the same columns meanwhile: then there is nothing to do.
void PgSink::evolve(const Batch& batch) {
  if (!options_.rows.evolve) return;
  encoder_.reset();
  writer_.reset();
  if (options_.dry_run) {
    evolves_ = true;
    return;
  }
  PgTransaction transaction(*connection_);
  const std::string added = target_.add_columns(*connection_, batch);
  transaction.commit("cannot add columns to " + target_.display());
  if (added.empty()) return;
  if (!replacement_) {
    log::notice("added to the table: " + added);
  } else if (!replacement_->has_target()) {
    aside_made_by_ += "; " + as_of_target(added);
  }
}

Rehearsal PgSink::rehearse(const Batch& batch) {
  retrying([&] { return store_somehow(batch); });
  return rehearsal_;
}

}  // namespace kpipe
