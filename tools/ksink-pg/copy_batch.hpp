// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-pg/row_writer.hpp"

namespace kpipe {

/// --strategy append: COPY into the table itself. Encoding goes on while the server works on what
/// was sent.
class CopyBatch final : public RowWriter {
 public:
  /// `sql_table` is quoted for SQL, `table` the name as people read it, `relation` it without its
  /// schema.
  CopyBatch(std::string sql_table, std::string table, std::string relation, OnNull on_null)
      : RowWriter(std::move(table), on_null),
        sql_table_(std::move(sql_table)),
        relation_(std::move(relation)) {}

  void start() override;
  void feed(PgConnection& connection, const Batch& batch, EntryRange part,
            RowEncoder& encoder) override;
  void finish(PgConnection& connection, const Batch& batch, EntryRange part,
              const RowEncoder& encoder) override;

 private:
  struct Lines {
    OutBuffer text;
    std::vector<std::uint32_t> entries;  ///< the batch's entry of each line
  };
  void begin_copy(PgConnection& connection, const RowEncoder& encoder, std::size_t shape);

  std::string sql_table_;
  std::string relation_;
  Lines streamed_;
  std::optional<std::size_t> streamed_shape_;  ///< absent: COPY was not begun
  std::map<std::size_t, Lines> others_;        ///< rows of other shapes than the one being streamed
};

}  // namespace kpipe
