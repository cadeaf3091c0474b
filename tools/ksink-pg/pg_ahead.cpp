// SPDX-License-Identifier: Apache-2.0
// PgSink: the rows of a batch that still fills. PostgreSQL works on them while the rest is read.
#include <utility>

#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {

/// What needs more than rows for columns that are known (a table to be made, a dry run, a new
/// connection) is store()'s.
bool PgSink::may_go_ahead(const Batch& batch) const {
  return !options_.dry_run && failed_ahead_ != batch.edition() && connection_ &&
         connection_->usable() && target_.exists() && changes_rows(batch);
}

void PgSink::go_ahead(const Batch& batch) noexcept {
  try {
    if (ahead_ && ahead_->edition != batch.edition()) ahead_.reset();
    if (!may_go_ahead(batch)) return;
    if (!ahead_) {
      if (replacement_) replacement_->hold();
      Ahead begun{std::make_unique<PgTransaction>(*connection_), batch.edition(), 0};
      prepare_columns(batch);
      writer_->begin(*connection_, batch);
      writer_->start();
      ahead_ = std::move(begun);
    }
    const auto now = static_cast<std::uint32_t>(batch.entries().size());
    writer_->feed(*connection_, batch, {ahead_->entries, now}, *encoder_);
    ahead_->entries = now;
  } catch (...) {  // store() begins anew, and handles it
    ahead_.reset();
    failed_ahead_ = batch.edition();
  }
}

/// The transaction for a batch: the one that is ahead, if it fits, or a new one.
PgSink::Ahead PgSink::take_ahead(const Batch& batch, Way way) {
  std::optional<Ahead> ahead = std::exchange(ahead_, std::nullopt);
  if (ahead && ahead->edition == batch.edition() && way == Way::whole) return std::move(*ahead);
  ahead.reset();
  return {std::make_unique<PgTransaction>(*connection_), batch.edition(), 0};
}

}  // namespace kpipe
