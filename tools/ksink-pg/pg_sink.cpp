// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/pg_sink.hpp"

#include <algorithm>
#include <utility>

#include "common/base/log.hpp"

namespace kpipe {
namespace {

/// Or at least would, in a dry run.
bool stores_records(const PgSinkOptions& options) {
  return !options.print_offsets && !options.set_offsets && !options.forget;
}

}  // namespace

PgSink::PgSink(const PgSinkOptions& options, std::shared_ptr<PgShared> shared)
    : options_(options),
      shared_(std::move(shared)),
      connection_(shared_->connection),
      replacement_(stores_records(options) && options.replace
                       ? std::make_unique<Replacement>(options)
                       : nullptr),
      target_(options.table, options.columns, options.create_table, options.rows),
      offsets_(options.sink.sink_id),
      rejects_(make_reject_store(options.rejects, options.create_table)) {}

std::string PgSink::sink_id() const {
  return options_.sink.sink_id.empty() ? target_.display() : options_.sink.sink_id;
}

std::string PgSink::name() const {
  return "pg:" + sink_id();
}

std::vector<Checkpoint> PgSink::open() {
  bool durable = true;
  const std::vector<StoredPartition> rows = retrying([&] {
    if (replacement_) {
      begin_replacement();
      durable = connection_->durable();
      return std::vector<StoredPartition>{};
    }
    target_.find(*connection_);
    offsets_ = OffsetsTable(sink_id());
    offsets_.ensure(*connection_, target_.schema());
    std::vector<StoredPartition> found = offsets_.read(*connection_);
    // Another instance may have created the table between the two looks.
    if (!found.empty() && !target_.exists()) target_.find(*connection_);
    if (rejects_) rejects_->open(*connection_, target_);
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
  const std::string anew = "start anew: " + forget_command(options_);
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
    if (replacement_) {
      replacement_->find(*connection_);
    }
    if (replacement_ && replacement_->has_target()) {
      take_aside();
    } else {
      target_.find(*connection_);
    }
    // A file would be made.
    if (options_.dry_run && rejects_ && options_.rejects.file.empty())
      rejects_->open(*connection_, target_);
    if (replacement_) return std::nullopt;  // each run begins anew
    offsets_ = OffsetsTable(sink_id());
    if (!offsets_.find(*connection_, target_.schema())) return std::nullopt;
    std::vector<StoredPartition> rows = offsets_.read(*connection_);
    if (options_.dry_run) refuse_lost_rows(rows);
    return rows;
  });
}

std::vector<OffsetChange> PgSink::set_offsets(const std::vector<OffsetLine>& lines) {
  return retrying([&] {
    target_.find(*connection_);
    refuse_other_sink(lines, name());
    offsets_ = OffsetsTable(sink_id());
    offsets_.ensure(*connection_, target_.schema());
    PgTransaction transaction(*connection_);
    offsets_.lock(*connection_);
    std::vector<OffsetChange> changes =
        plan_changes(lines, offsets_.read(*connection_), target_.oid());
    std::vector<StoredPartition> rows;
    for (const OffsetChange& change : changes) rows.push_back(change.after);
    offsets_.write(*connection_, rows);
    transaction.commit("cannot set the stored offsets of sink " + sink_id());
    return changes;
  });
}

std::int64_t PgSink::forget_offsets() {
  return retrying([&]() -> std::int64_t {
    target_.find(*connection_);
    offsets_ = OffsetsTable(sink_id());
    if (!offsets_.find(*connection_, target_.schema())) return 0;
    PgTransaction transaction(*connection_);
    const std::int64_t count = offsets_.remove(*connection_);
    transaction.commit("cannot forget the stored offsets of sink " + sink_id());
    return count;
  });
}

void PgSink::identify(const SourceIdentity& source) {
  ahead_.reset();
  source_ = source;
  if (replacement_) {
    refuse_source(source);
    return;
  }
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
  ahead_.reset();
  const std::vector<StoredPartition> rows = retrying([&] { return offsets_.read(*connection_); });
  std::vector<Checkpoint> checkpoints;
  for (const StoredPartition& row : rows) {
    if (std::find(partitions.begin(), partitions.end(), row.checkpoint.tp) != partitions.end()) {
      checkpoints.push_back(row.checkpoint);
    }
  }
  return checkpoints;
}

}  // namespace kpipe
