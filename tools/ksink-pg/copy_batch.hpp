// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/sink/batch.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/row_encoder.hpp"

namespace kpipe {

/// Sends a batch's rows by COPY. Encoding goes on while the server works on what was sent. Reused
/// from batch to batch for its buffers.
class CopyBatch {
 public:
  /// `sql_table` is quoted for SQL, `table` the name as people read it, `relation` it without its
  /// schema.
  CopyBatch(std::string sql_table, std::string table, std::string relation)
      : sql_table_(std::move(sql_table)),
        table_(std::move(table)),
        relation_(std::move(relation)) {}

  /// Within a transaction: all rows of the batch. Throws Error (data) naming the record that was
  /// refused, UnknownFieldError, PgError; the transaction is then to be rolled back.
  void send(PgConnection& connection, const Batch& batch, RowEncoder& encoder);

  /// Of the last send(): rows of each of the batch's ranges.
  const std::vector<std::uint64_t>& rows() const noexcept { return rows_; }
  /// Of the last send(): records without a value, which give no row.
  std::uint64_t tombstones() const noexcept { return tombstones_; }

 private:
  struct Part {
    OutBuffer text;
    std::vector<std::uint32_t> entries;  ///< the batch's entry of each line
  };
  void begin(PgConnection& connection, const RowEncoder& encoder, std::size_t shape);
  void end(PgConnection& connection, const Batch& batch, const std::vector<std::uint32_t>& entries);

  std::string sql_table_;
  std::string table_;
  std::string relation_;
  Part streamed_;
  std::map<std::size_t, Part> others_;  ///< rows of other shapes than the one being streamed
  std::vector<std::uint64_t> rows_;
  std::uint64_t tombstones_ = 0;
};

}  // namespace kpipe
