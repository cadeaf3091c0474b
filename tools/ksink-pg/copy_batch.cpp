// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/copy_batch.hpp"

#include <optional>

#include "tools/ksink-pg/copy_fault.hpp"

namespace kpipe {
namespace {

/// Large enough that the cost of a message vanishes, small enough that the server starts early.
constexpr std::size_t kPieceSize = std::size_t{128} << 10;

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

}  // namespace

void CopyBatch::begin(PgConnection& connection, const RowEncoder& encoder, std::size_t shape) {
  std::string sql = "COPY " + sql_table_;
  const char* separator = " (";
  for (const std::size_t column : encoder.columns_of(shape)) {
    sql += separator + connection.identifier(encoder.map().columns()[column].name);
    separator = ", ";
  }
  sql += ") FROM STDIN";
  connection.copy_begin(sql, "cannot copy rows into " + table_);
}

void CopyBatch::end(PgConnection& connection, const Batch& batch,
                    const std::vector<std::uint32_t>& entries) {
  try {
    connection.copy_end("cannot copy rows into " + table_);
  } catch (const PgError& error) {
    if (error.kind() != SqlStateClass::data) throw;
    const PgDiagnostics& d = error.diagnostics();
    CopyFault fault = read_copy_context(d.context, relation_);
    if (!d.column.empty()) fault.column = d.column;
    const bool found = fault.line >= 1 && fault.line <= entries.size();
    const Record& first = batch.entries()[entries.front()].record;
    const Record& last = batch.entries()[entries.back()].record;
    const std::string where = found ? coordinates(batch.entries()[entries[fault.line - 1]].record)
                                    : "one of " + coordinates(first) + " to " + coordinates(last);
    throw Error(Exit::data, "row not stored in " + table_ + ": " + where + ": " +
                                (fault.column.empty() ? "" : "column " + fault.column + ": ") +
                                d.message + (d.detail.empty() ? "" : " (" + d.detail + ")") + " [" +
                                d.sqlstate +
                                "]. Correct the record in a filter (jq), or change the column");
  }
}

void CopyBatch::send(PgConnection& connection, const Batch& batch, RowEncoder& encoder) {
  rows_.assign(batch.ranges().size(), 0);
  tombstones_ = 0;
  streamed_.text.clear();
  streamed_.entries.clear();
  others_.clear();
  std::optional<std::size_t> streamed_shape;
  const std::vector<Batch::Entry>& entries = batch.entries();
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const Batch::Entry& entry = entries[i];
    if (entry.record.value.is_null()) {
      ++tombstones_;
      continue;
    }
    refuse_stored(entry, batch.ranges()[entry.range]);
    const std::size_t shape = encoder.read(entry.record);
    if (!streamed_shape) {
      encoder.write(streamed_.text);  // refuses a record without any value, before COPY can
      begin(connection, encoder, shape);
      streamed_shape = shape;
      streamed_.entries.push_back(i);
    } else {
      Part& part = shape == *streamed_shape ? streamed_ : others_[shape];
      encoder.write(part.text);
      part.entries.push_back(i);
    }
    ++rows_[entry.range];
    if (streamed_.text.size() >= kPieceSize) {
      connection.copy_put(streamed_.text.view());
      streamed_.text.clear();
    }
  }
  if (!streamed_shape) return;
  connection.copy_put(streamed_.text.view());
  end(connection, batch, streamed_.entries);
  for (const auto& [shape, part] : others_) {
    begin(connection, encoder, shape);
    connection.copy_put(part.text.view());
    end(connection, batch, part.entries);
  }
}

}  // namespace kpipe
