// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/pg_sink.hpp"

#include <algorithm>

#include "common/base/log.hpp"

namespace kpipe {
namespace {

bool has_rows(const Batch& batch) {
  return std::any_of(batch.entries().begin(), batch.entries().end(),
                     [](const Batch::Entry& entry) { return !entry.record.value.is_null(); });
}

std::string ranges_of(const Batch& batch) {
  std::string text;
  for (const Batch::Range& range : batch.ranges()) {
    if (!text.empty()) text += ", ";
    text += to_string(range.tp) + " up to " + std::to_string(range.next);
  }
  return text;
}

}  // namespace

PgSink::PgSink(const PgSinkOptions& options)
    : options_(options),
      target_(options.table, options.columns, options.create_table),
      offsets_(options.sink.sink_id) {}

/// Runs `work` on a connection until it succeeds or fails for a reason that time does not heal.
template <typename Work>
auto PgSink::retrying(Work work) {
  Backoff backoff(options_.retry_for);
  for (;;) {
    try {
      if (!connection_ || !connection_->usable()) connection_.emplace(options_.dsn);
      auto result = work();
      backoff.succeeded();
      return result;
    } catch (const PgError& error) {
      if (error.kind() != SqlStateClass::outage) throw;
      // A new connection also finds the new primary after a failover.
      connection_.reset();
      backoff.wait(error);
    }
  }
}

std::string PgSink::sink_id() const {
  return options_.sink.sink_id.empty() ? target_.display() : options_.sink.sink_id;
}

std::string PgSink::name() const {
  return "pg:" + sink_id();
}

std::vector<Checkpoint> PgSink::open() {
  bool durable = true;
  const std::vector<StoredPartition> rows = retrying([&] {
    target_.find(*connection_);
    offsets_ = OffsetsTable(sink_id());
    offsets_.ensure(*connection_, target_.schema());
    std::vector<StoredPartition> found = offsets_.read(*connection_);
    // Another instance may have created the table between the two looks.
    if (!found.empty() && !target_.exists()) target_.find(*connection_);
    durable = connection_->durable();
    return found;
  });
  refuse_lost_rows(rows);
  if (!durable) {
    log::warning(
        "PostgreSQL runs with fsync=off: after a crash of its machine, rows that are committed in "
        "Kafka can be gone, and the whole cluster damaged. Set fsync = on");
  }
  std::vector<Checkpoint> checkpoints;
  for (const StoredPartition& row : rows) checkpoints.push_back(row.checkpoint);
  return checkpoints;
}

/// The stored offsets say that rows were stored; they must be those of the table as it is now.
void PgSink::refuse_lost_rows(const std::vector<StoredPartition>& rows) const {
  std::int64_t lost = 0;
  std::int64_t oid = 0;
  for (const StoredPartition& row : rows) {
    const bool known = row.target_oid != 0 || !target_.exists();
    if (row.rows == 0 || !known || (target_.exists() && row.target_oid == target_.oid())) continue;
    lost += row.rows;
    oid = row.target_oid;
  }
  if (lost == 0) return;
  const std::string table = connection_->identifier(target_.schema()) + ".kpipe_offsets";
  const std::string where = " WHERE sink = " + connection_->literal(sink_id());
  const std::string anew = "start anew: DELETE FROM " + table + where;
  const std::string start = "table " + target_.display() + ": ";
  const std::string rows_of = std::to_string(lost) + " rows of sink " + sink_id();
  if (!target_.exists()) {
    throw Error(Exit::config, start + "does not exist, but kpipe_offsets says that " + rows_of +
                                  " are stored: was it dropped? Restore it; or " + anew);
  }
  throw Error(
      Exit::config,
      start + "is not the one that took the " + rows_of + " (oid " + std::to_string(oid) +
          ", now " + std::to_string(target_.oid()) +
          "): was it dropped and created again? Their rows are gone then, and would not come "
          "again. Either " +
          anew + "; or, if the rows are in it (restored from a dump), keep the offsets: UPDATE " +
          table + " SET target_oid = " + connection_->literal(target_.sql_name(*connection_)) +
          "::regclass" + where);
}

std::optional<std::vector<StoredPartition>> PgSink::peek() {
  return retrying([&]() -> std::optional<std::vector<StoredPartition>> {
    target_.find(*connection_);
    offsets_ = OffsetsTable(sink_id());
    if (!offsets_.find(*connection_, target_.schema())) return std::nullopt;
    return offsets_.read(*connection_);
  });
}

void PgSink::identify(const SourceIdentity& source) {
  source_ = source;
  refuse_other_source(retrying([&] { return offsets_.read(*connection_); }));
}

void PgSink::refuse_other_source(const std::vector<StoredPartition>& rows) const {
  for (const StoredPartition& row : rows) {
    const auto refuse = [&](const char* what, const char* column, const std::string& stored,
                            const std::string& now) {
      throw Error(Exit::config, "sink " + sink_id() + ": " + to_string(row.checkpoint.tp) +
                                    " was stored from " + what + " " + stored + ", and " + now +
                                    " is another one. Use --sink-id NAME to feed the table from "
                                    "both; or, if it is the same source "
                                    "under a new name: UPDATE " +
                                    connection_->identifier(target_.schema()) +
                                    ".kpipe_offsets SET " + column + " = " +
                                    connection_->literal(now) +
                                    " WHERE sink = " + connection_->literal(sink_id()));
    };
    const auto differ = [](const std::string& a, const std::string& b) {
      return !a.empty() && !b.empty() && a != b;
    };
    if (differ(row.source.cluster, source_.cluster)) {
      refuse("Kafka cluster", "cluster", row.source.cluster, source_.cluster);
    }
    if (differ(row.source.group, source_.group)) {
      refuse("consumer group", "source_group", row.source.group, source_.group);
    }
  }
}

std::vector<Checkpoint> PgSink::stored(const std::vector<TopicPartition>& partitions) {
  const std::vector<StoredPartition> rows = retrying([&] { return offsets_.read(*connection_); });
  std::vector<Checkpoint> checkpoints;
  for (const StoredPartition& row : rows) {
    if (std::find(partitions.begin(), partitions.end(), row.checkpoint.tp) != partitions.end()) {
      checkpoints.push_back(row.checkpoint);
    }
  }
  return checkpoints;
}

Sink::Outcome PgSink::store(const Batch& batch) {
  bool again = false;
  return retrying([&]() -> Outcome {
    // A connection lost while COMMIT was under way leaves it open whether the batch is stored.
    if (again) {
      if (const auto outcome = settled(batch)) return *outcome;
    }
    again = true;
    try {
      const Outcome outcome = attempt(batch);
      if (outcome == Outcome::conflict && !table_changed()) {
        log::info("another instance stored first: " + ranges_of(batch));
      }
      return outcome;
    } catch (const UnknownFieldError&) {
      if (!table_changed()) throw;
    } catch (const PgError& error) {
      const bool may_heal =
          error.kind() == SqlStateClass::schema || error.kind() == SqlStateClass::missing;
      if (!may_heal || !table_changed()) throw;
    }
    return attempt(batch);
  });
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

Sink::Outcome PgSink::attempt(const Batch& batch) {
  try {
    PgTransaction transaction(*connection_);
    std::vector<std::uint64_t> rows(batch.ranges().size(), 0);
    std::uint64_t tombstones = batch.entries().size();
    if (has_rows(batch)) {
      prepare_columns(batch);
      copy_->send(*connection_, batch, *encoder_);
      rows = copy_->rows();
      tombstones = copy_->tombstones();
    }
    PgDiagnostics failure;
    const int succeeded = connection_->exec_until_failure(
        offsets_.move_statement(*connection_, batch, rows, source_, target_) + "; COMMIT", failure);
    if (succeeded == 2) {
      transaction.committed();
      tombstones_ += tombstones;
      if (!created_by_.empty()) log::notice("created a table: " + created_by_);
      created_by_.clear();
      return Outcome::stored;
    }
    if (succeeded == 0 && failure.sqlstate == OffsetsTable::kConflict) {
      forget_columns();
      return Outcome::conflict;
    }
    throw PgError("cannot store " + ranges_of(batch), failure);
  } catch (...) {
    forget_columns();
    throw;
  }
}

void PgSink::prepare_columns(const Batch& batch) {
  if (encoder_) return;
  if (!target_.exists()) created_by_ = target_.create(*connection_, batch);
  encoder_.emplace(target_.columns(), target_.display());
  copy_.emplace(target_.sql_name(*connection_), target_.display(), target_.table());
}

/// A table created in a transaction that did not commit is not there.
void PgSink::forget_columns() {
  if (created_by_.empty()) return;
  created_by_.clear();
  encoder_.reset();
  copy_.reset();
  target_.forget();
}

/// Somebody may have altered the table since it was looked at, or put another in its place.
bool PgSink::table_changed() {
  if (!connection_->usable()) return false;
  const std::int64_t oid = target_.oid();
  const std::vector<Column> columns = target_.columns().columns();
  target_.find(*connection_);
  refuse_lost_rows(offsets_.read(*connection_));
  if (target_.oid() == oid && target_.columns().columns() == columns) return false;
  encoder_.reset();
  copy_.reset();
  return true;
}

}  // namespace kpipe
