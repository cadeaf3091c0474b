// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-pg/merge_sql.hpp"
#include "tools/ksink-pg/row_writer.hpp"

namespace kpipe {

/// --strategy merge and ignore: COPY into a temporary table, then INSERT ... ON CONFLICT.
class MergeBatch final : public RowWriter {
 public:
  /// `table` is the target's name as people read it.
  MergeBatch(MergePlan plan, std::string table, OnNull on_null)
      : RowWriter(std::move(table), on_null), plan_(std::move(plan)) {}

  void begin(PgConnection& connection, const Batch& batch) override;
  void start() override;
  void feed(PgConnection& connection, const Batch& batch, EntryRange part,
            RowEncoder& encoder) override;
  void finish(PgConnection& connection, const Batch& batch, EntryRange part,
              const RowEncoder& encoder) override;
  bool staged() const noexcept override { return true; }
  void prepare_parts(PgConnection& connection) override;
  std::uint64_t apply(PgConnection& connection, const Batch& batch, EntryRange part) override;

 private:
  MergePlan plan_;
  OutBuffer text_;
  std::vector<std::uint32_t> entries_;  ///< the entry of each line
  /// Of what was loaded since begin().
  std::vector<std::vector<std::size_t>> shapes_;
  bool removals_ = false;
  bool has_defaults_ = false;
};

}  // namespace kpipe
