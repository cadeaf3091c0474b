// SPDX-License-Identifier: Apache-2.0
// PgSink: --strategy replace. Batches are stored as ever, in the table aside.
#include "common/base/log.hpp"
#include "tools/ksink-pg/aside_name.hpp"
#include "tools/ksink-pg/pg_sink.hpp"
#include "tools/ksink-pg/source_end.hpp"

namespace kpipe {

/// A run always begins with nothing, so that kconsume reads from the start: what an earlier run had
/// collected may be of other records, or made by other options.
void PgSink::begin_replacement() {
  replacement_->find(*connection_);
  target_.show_as(replacement_->display());
  offsets_ = OffsetsTable(aside_sink(sink_id()));
  offsets_.ensure(*connection_, replacement_->schema());
  replacement_->begin(*connection_, offsets_);
  take_aside();
  target_.find(*connection_);
  if (rejects_) rejects_->open(*connection_, target_);
}

/// From now on the rows' table is the one aside, under the name of the other for people.
void PgSink::take_aside() {
  target_ = Target(replacement_->aside(), options_.columns, true, options_.rows);
  target_.show_as(replacement_->display());
}

/// A statement that made or altered the table aside, as one of the target, which will be like it.
std::string PgSink::as_of_target(const std::string& statement) const {
  const std::string aside = target_.sql_name(*connection_);
  const std::size_t at = statement.find(aside);
  return statement.substr(0, at) + replacement_->sql_name(*connection_) +
         statement.substr(at + aside.size());
}

void PgSink::refuse_source(const SourceIdentity& source) const {
  const std::string start = "table " + target_.display() + ": --strategy replace: ";
  if (!source.group.empty()) {
    throw Error(Exit::config,
                start + "kconsume reads for group " + source.group +
                    ", and so only what the group has not read yet; the rest would be gone from "
                    "the table. Leave out its -g: each run then reads all");
  }
  if (source.unbounded) {
    throw Error(Exit::config, start +
                                  "kconsume would read on for ever, and rows are replaced at the "
                                  "end. Give it --once");
  }
}

void PgSink::lost_aside() const {
  throw Error(Exit::temp_fail, "table " + target_.display() +
                                   ": keeps its old rows: the table in which this run collected "
                                   "the new ones was taken away, by another run of --strategy "
                                   "replace or by hand");
}

SwapCounts PgSink::replace(const SourceEnd& end) {
  check_whole_run(end, options_.replace_at_eof, target_.display());
  std::string added;
  const SwapCounts counts = retrying([&] {
    const std::string columns = replacement_->add_columns(*connection_);
    if (!columns.empty()) added = columns;
    return replacement_->swap(*connection_, offsets_, sink_id(), target_, end);
  });
  if (!added.empty()) log::notice("added to the table: " + added);
  if (replacement_->created()) log::notice("created a table: " + aside_made_by_);
  return counts;
}

}  // namespace kpipe
