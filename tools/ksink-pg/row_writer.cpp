// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/row_writer.hpp"

#include "tools/ksink-pg/copy_fault.hpp"

namespace kpipe {
namespace {

/// The compare-and-set guards the range as a whole; this guards it against rows that do not belong
/// in it. Of the last stored record more lines may follow: a filter can make several of one.
void refuse_stored(const Batch::Entry& entry, const Batch::Range& range) {
  const bool stored = range.expected && range.expected->generation == range.generation &&
                      entry.record.offset + 1 < range.expected->next;
  if (!stored) return;
  throw Error(Exit::software, coordinates(entry.record) + ": is below the stored offset " +
                                  std::to_string(range.expected->next) +
                                  " and would be stored twice. Please report it");
}

const char* remedy_for(const PgDiagnostics& d) {
  return d.sqlstate == "23503"  // foreign_key_violation
             ? "Load the table that it refers to first, or add the foreign key when both are loaded"
             : "Correct the record in a filter (jq), or change the column";
}

std::string one_of(const Batch& batch, std::uint32_t first, std::uint32_t last) {
  const std::string where = coordinates(batch.entries()[first].record);
  return first == last ? where
                       : "one of " + where + " to " + coordinates(batch.entries()[last].record);
}

Refusal refusal_of(const PgDiagnostics& d) {
  return {d.message + (d.detail.empty() ? "" : " (" + d.detail + ")"), d.sqlstate, d.column,
          d.constraint};
}

}  // namespace

RefusedRow refused_rows(const PgDiagnostics& diagnostics, const Batch& batch, EntryRange part,
                        const std::string& table) {
  RefusedRow row(table, one_of(batch, part.first, part.end - 1), refusal_of(diagnostics),
                 remedy_for(diagnostics));
  row.set_entries(part);
  return row;
}

void RowWriter::begin(PgConnection& /*connection*/, const Batch& batch) {
  rows_.assign(batch.ranges().size(), 0);
  counts_ = {};
}

RowWriter::Fate RowWriter::fate_of(const Batch::Entry& entry) const {
  if (!entry.record.value.is_null() || on_null_ == OnNull::insert) return Fate::row;
  return on_null_ == OnNull::remove ? Fate::removal : Fate::nothing;
}

RowWriter::Fate RowWriter::judge(const Batch& batch, const Batch::Entry& entry) const {
  if (on_null_ == OnNull::fail && entry.record.value.is_null()) {
    throw RefusedRow(table_, coordinates(entry.record),
                     {"is a tombstone (its value is null), and --on-null is fail", {}},
                     "Take it out in a filter (jq 'select(.value != null)'), or say what is to be "
                     "done with it (--on-null skip)");
  }
  const Fate fate = fate_of(entry);
  if (fate != Fate::nothing) refuse_stored(entry, batch.ranges()[entry.range]);
  return fate;
}

void RowWriter::count(const Batch& batch, EntryRange part) {
  rows_.resize(batch.ranges().size());  // some may have come since begin()
  for (std::uint32_t i = part.first; i < part.end; ++i) {
    const Batch::Entry& entry = batch.entries()[i];
    switch (fate_of(entry)) {
      case Fate::row:
        ++rows_[entry.range];
        break;
      case Fate::removal:
        ++counts_.removals;
        break;
      case Fate::nothing:
        ++counts_.skipped;
        break;
    }
  }
}

void RowWriter::take_back(const Batch::Entry& entry) {
  if (fate_of(entry) == Fate::row) --rows_[entry.range];
  if (fate_of(entry) == Fate::removal) --counts_.removals;
}

void end_copy(PgConnection& connection, const SentRows& sent, std::string_view relation,
              bool in_order) {
  try {
    connection.copy_end("cannot copy rows into " + sent.table);
  } catch (const PgError& error) {
    const PgDiagnostics& d = error.diagnostics();
    CopyFault fault = read_copy_context(d.context, relation);
    if (error.kind() != SqlStateClass::data && !is_refused_text(fault, d.sqlstate)) throw;
    if (!d.column.empty()) fault.column = d.column;
    const bool found = fault.line >= 1 && fault.line <= sent.entries.size();
    const std::uint32_t first = found ? sent.entries[fault.line - 1] : sent.entries.front();
    const std::uint32_t last = found ? first : sent.entries.back();
    Refusal refusal = refusal_of(d);
    refusal.column = fault.column;
    RefusedRow row(sent.table, one_of(sent.batch, first, last), std::move(refusal), remedy_for(d));
    row.set_entries(found && in_order ? EntryRange{first, first + 1} : sent.part);
    throw row;
  }
}

PgResult exec_rows(PgConnection& connection, const std::string& sql, const Batch& batch,
                   EntryRange part, const std::string& table) {
  try {
    return connection.exec(sql, "cannot store rows in " + table);
  } catch (const PgError& error) {
    if (error.kind() != SqlStateClass::data) throw;
    throw refused_rows(error.diagnostics(), batch, part, table);
  }
}

}  // namespace kpipe
