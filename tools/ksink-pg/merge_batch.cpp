// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/merge_batch.hpp"

#include <algorithm>

namespace kpipe {

void MergeBatch::begin(PgConnection& connection, const Batch& batch) {
  RowWriter::begin(connection, batch);
  shapes_.clear();
  removals_ = false;
  connection.exec(plan_.create_stage(), "cannot make a temporary table");
}

void MergeBatch::start() {
  text_.clear();
  entries_.clear();
}

void MergeBatch::feed(PgConnection& connection, const Batch& batch, EntryRange part,
                      RowEncoder& encoder) {
  has_defaults_ = encoder.has_defaults();
  for_each(part, [&](std::uint32_t i) {
    const Batch::Entry& entry = batch.entries()[i];
    const Fate fate = judge(batch, entry);
    if (fate == Fate::nothing) return;
    int shape = MergePlan::kRemoval;
    if (fate == Fate::removal) {
      encoder.read_key(entry.record);
      removals_ = true;
    } else {
      const std::size_t read = encoder.read(entry.record);
      if (read >= shapes_.size()) shapes_.resize(read + 1);
      if (shapes_[read].empty()) shapes_[read] = encoder.columns_of(read);
      shape = static_cast<int>(read);
    }
    encoder.write_all(text_);
    text_.append('\t');
    text_.append_int(i);
    text_.append('\t');
    text_.append_int(shape);
    text_.append('\n');
    if (entries_.empty())
      connection.copy_begin(plan_.copy_into_stage(), "cannot copy rows for " + table());
    entries_.push_back(i);
    if (text_.size() >= kCopyPiece) {
      connection.copy_put(text_.view());
      text_.clear();
    }
  });
}

void MergeBatch::finish(PgConnection& connection, const Batch& batch, EntryRange part,
                        const RowEncoder& /*encoder*/) {
  if (!entries_.empty()) {
    connection.copy_put(text_.view());
    end_copy(connection, {batch, part, entries_, table()}, MergePlan::kStage, true);
  }
  count(batch, part);
}

void MergeBatch::prepare_parts(PgConnection& connection) {
  connection.exec(plan_.index_stage(), "cannot index a temporary table");
}

std::uint64_t MergeBatch::apply(PgConnection& connection, const Batch& batch, EntryRange part) {
  const bool all = part.size() == batch.entries().size();
  const MergePlan::Part rows{shapes_, removals_,
                             all ? std::nullopt : std::optional(std::pair(part.first, part.end))};
  const auto used = std::count_if(shapes_.begin(), shapes_.end(),
                                  [](const auto& columns) { return !columns.empty(); });
  if (used == 0 && !removals_) return 0;
  // Without defaults each row says all of its row, so that the last one is enough.
  const bool one_by_one = plan_.update && has_defaults_ && used + (removals_ ? 1 : 0) > 1;
  if (!one_by_one) {
    const PgResult done = exec_rows(connection, plan_.apply(rows), batch, part, table());
    return plan_.update ? 0 : static_cast<std::uint64_t>(done.get_int(0, 0));
  }
  const PgResult rounds =
      connection.exec(plan_.make_rounds(rows), "cannot put rows of one key in order");
  const std::int64_t count = rounds.is_null(0, 0) ? 0 : rounds.get_int(0, 0);
  for (std::int64_t round = 1; round <= count; ++round)
    exec_rows(connection, plan_.apply_round(rows, round), batch, part, table());
  if (!all) connection.exec(MergePlan::drop_rounds(), "cannot drop a temporary table");
  return 0;
}

}  // namespace kpipe
