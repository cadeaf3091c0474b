// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/sink.hpp"
#include "tools/ksink-pg/backoff.hpp"
#include "tools/ksink-pg/copy_batch.hpp"
#include "tools/ksink-pg/offsets_table.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/row_encoder.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

/// Stores batches in PostgreSQL, exactly once: one transaction a batch, the rows first, then the
/// compare-and-set of the offsets and COMMIT in one message. In this order, because a sink that
/// freezes (SIGSTOP, a paused machine) inside COPY must not hold the offsets' locks: no server
/// timeout ends that.
class PgSink : public Sink {
 public:
  explicit PgSink(const PgSinkOptions& options);

  std::string name() const override;
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  Outcome store(const Batch& batch) override;

  /// "public.orders", known after open().
  std::string table() const { return target_.display(); }
  /// Records without a value that went by: their offsets are stored, append has no row for them.
  std::uint64_t tombstones() const noexcept { return tombstones_; }

  /// The stored offsets for people and scripts, without creating anything: nullopt if there is no
  /// kpipe_offsets.
  std::optional<std::vector<StoredPartition>> peek();

 private:
  template <typename Work>
  auto retrying(Work work);
  std::string sink_id() const;
  std::optional<Outcome> settled(const Batch& batch);
  Outcome attempt(const Batch& batch);
  void prepare_columns(const Batch& batch);
  void forget_columns();
  bool table_changed();
  void refuse_other_source(const std::vector<StoredPartition>& rows) const;
  void refuse_lost_rows(const std::vector<StoredPartition>& rows) const;

  PgSinkOptions options_;
  std::optional<PgConnection> connection_;
  Target target_;
  OffsetsTable offsets_;
  std::optional<RowEncoder> encoder_;
  std::optional<CopyBatch> copy_;
  std::string created_by_;  ///< the CREATE TABLE of the transaction that is open
  SourceIdentity source_;
  std::uint64_t tombstones_ = 0;
};

}  // namespace kpipe
