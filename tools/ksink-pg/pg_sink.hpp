// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/sink.hpp"
#include "tools/ksink-pg/backoff.hpp"
#include "tools/ksink-pg/offset_lines.hpp"
#include "tools/ksink-pg/offsets_table.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/rejects.hpp"
#include "tools/ksink-pg/replacement.hpp"
#include "tools/ksink-pg/row_encoder.hpp"
#include "tools/ksink-pg/row_writer.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

/// What a batch would have done.
struct Rehearsal {
  std::string statement;  ///< that makes or alters the table; empty: none is needed
  RowCounts counts;
};

/// What the sinks of one process share, which take turns.
struct PgShared {
  std::optional<PgConnection> connection;
  std::uint64_t rejected = 0;  ///< records set aside in this run
};

/// Stores batches in PostgreSQL, exactly once: one transaction a batch, the rows first, then the
/// compare-and-set of the offsets and COMMIT in one message. In this order, because a sink that
/// freezes (SIGSTOP, a paused machine) inside COPY must not hold the offsets' locks: no server
/// timeout ends that. Of a batch that fills quickly the rows are sent while the rest is read.
class PgSink : public Sink {
 public:
  explicit PgSink(const PgSinkOptions& options,
                  std::shared_ptr<PgShared> shared = std::make_shared<PgShared>());

  std::string name() const override;
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  void go_ahead(const Batch& batch) noexcept override;
  Outcome store(const Batch& batch) override;

  /// --strategy replace, when the input has ended: what was stored takes the place of the table's
  /// rows. Throws Error (temp_fail) when the run was not whole; the old rows stay then.
  SwapCounts replace(const SourceEnd& end);

  /// "public.orders", known after open().
  std::string table() const { return target_.display(); }
  /// "table public.bad"; --rejects was given.
  std::string rejects() const { return rejects_->name(); }
  /// Of all that was stored.
  const RowCounts& counts() const noexcept { return counts_; }

  /// The stored offsets for people and scripts, without creating anything: nullopt if there is no
  /// kpipe_offsets.
  std::optional<std::vector<StoredPartition>> peek();
  /// --dry-run, after peek(): does with the batch all that store() would, and undoes it.
  Rehearsal rehearse(const Batch& batch);
  /// Changes the stored offsets by hand, in one transaction. Throws Error (data) when a line is of
  /// another sink.
  std::vector<OffsetChange> set_offsets(const std::vector<OffsetLine>& lines);
  /// Deletes the stored offsets and returns of how many partitions.
  std::int64_t forget_offsets();

 private:
  template <typename Work>
  auto retrying(Work work);
  std::string sink_id() const;
  std::optional<Outcome> settled(const Batch& batch);
  enum class Way {
    whole,      ///< all rows at once
    isolating,  ///< refused records are looked for
    checking    ///< by constraints that are deferred, too
  };
  struct Stored {
    std::vector<std::uint64_t> rows;  ///< by range
    RowCounts counts;
    std::vector<RefusedRow> refusals;
  };

  // pg_ahead.cpp
  /// A transaction with the first rows of a batch, whose rest has not come yet.
  struct Ahead {
    std::unique_ptr<PgTransaction> transaction;
    std::uint64_t edition = 0;  ///< of the batch
    std::uint32_t entries = 0;  ///< of it that were fed to the writer
  };
  bool may_go_ahead(const Batch& batch) const;
  Ahead take_ahead(const Batch& batch, Way way);

  // pg_store.cpp
  Outcome store_somehow(const Batch& batch);
  Outcome attempt(const Batch& batch, Way way);
  Stored send_whole(const Batch& batch, std::uint32_t fed);
  Stored send_isolating(const Batch& batch, Way way);
  void check_constraints(const Batch& batch, EntryRange part);
  std::uint64_t rejects_left() const;
  [[noreturn]] void refuse(const RefusedRow& row) const;
  void after_commit(const Stored& stored);
  bool changes_rows(const Batch& batch) const;
  void prepare_columns(const Batch& batch);
  std::unique_ptr<RowWriter> make_writer() const;
  void forget_columns();
  bool table_changed();
  void evolve(const Batch& batch);

  // pg_replace.cpp
  void begin_replacement();
  void refuse_source(const SourceIdentity& source) const;
  void take_aside();
  std::string as_of_target(const std::string& statement) const;
  [[noreturn]] void lost_aside() const;

  // pg_sink.cpp
  void refuse_other_source(const std::vector<StoredPartition>& rows) const;
  void refuse_lost_rows(const std::vector<StoredPartition>& rows) const;

  PgSinkOptions options_;
  std::shared_ptr<PgShared> shared_;
  std::optional<PgConnection>& connection_;   ///< of shared_
  std::unique_ptr<Replacement> replacement_;  ///< --strategy replace; null: another
  Target target_;                             ///< takes the rows: the table, or the one aside
  OffsetsTable offsets_;
  std::optional<RowEncoder> encoder_;
  std::unique_ptr<RowWriter> writer_;  ///< null: the table was not looked at
  std::string created_by_;             ///< the CREATE TABLE of the transaction that is open
  std::string aside_made_by_;          ///< the CREATE TABLE of the target that is still to be made
  SourceIdentity source_;
  RowCounts counts_;
  Rehearsal rehearsal_;
  bool evolves_ = false;                  ///< --dry-run: attempts begin with adding columns
  std::unique_ptr<RejectStore> rejects_;  ///< null: a refused record ends the run
  std::optional<Ahead> ahead_;
  std::optional<std::uint64_t> failed_ahead_;  ///< edition of a batch that store() is to look at
};

/// Runs `work` on a connection until it succeeds or fails for a reason that time does not heal.
template <typename Work>
auto PgSink::retrying(Work work) {
  Backoff backoff(options_.retry_for);
  for (;;) {
    try {
      if (!connection_ || !connection_->usable()) {
        ahead_.reset();
        connection_.emplace(options_.dsn);
      }
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

}  // namespace kpipe
