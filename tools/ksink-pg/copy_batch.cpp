// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/copy_batch.hpp"

namespace kpipe {

void CopyBatch::begin_copy(PgConnection& connection, const RowEncoder& encoder, std::size_t shape) {
  std::string sql = "COPY " + sql_table_;
  const char* separator = " (";
  for (const std::size_t column : encoder.columns_of(shape)) {
    sql += separator + connection.identifier(encoder.map().columns()[column].name);
    separator = ", ";
  }
  sql += ") FROM STDIN";
  connection.copy_begin(sql, "cannot copy rows into " + table());
}

void CopyBatch::start() {
  streamed_.text.clear();
  streamed_.entries.clear();
  streamed_shape_.reset();
  others_.clear();
}

void CopyBatch::feed(PgConnection& connection, const Batch& batch, EntryRange part,
                     RowEncoder& encoder) {
  for_each(part, [&](std::uint32_t i) {
    const Batch::Entry& entry = batch.entries()[i];
    if (judge(batch, entry) == Fate::nothing) return;
    const std::size_t shape = encoder.read(entry.record);
    if (!streamed_shape_) {
      encoder.write(streamed_.text);  // refuses a record without any value, before COPY can
      begin_copy(connection, encoder, shape);
      streamed_shape_ = shape;
      streamed_.entries.push_back(i);
    } else {
      Lines& lines = shape == *streamed_shape_ ? streamed_ : others_[shape];
      encoder.write(lines.text);
      lines.entries.push_back(i);
    }
    if (streamed_.text.size() >= kCopyPiece) {
      connection.copy_put(streamed_.text.view());
      streamed_.text.clear();
    }
  });
}

void CopyBatch::finish(PgConnection& connection, const Batch& batch, EntryRange part,
                       const RowEncoder& encoder) {
  if (streamed_shape_) {
    const bool in_order = others_.empty();
    connection.copy_put(streamed_.text.view());
    end_copy(connection, {batch, part, streamed_.entries, table()}, relation_, in_order);
    for (const auto& [shape, lines] : others_) {
      begin_copy(connection, encoder, shape);
      connection.copy_put(lines.text.view());
      end_copy(connection, {batch, part, lines.entries, table()}, relation_, in_order);
    }
  }
  count(batch, part);
}

}  // namespace kpipe
