// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/sink/batch.hpp"
#include "tools/ksink-pg/refused_row.hpp"
#include "tools/ksink-pg/reject_options.hpp"

namespace kpipe {

class PgConnection;
class Target;

/// Where records go that cannot become rows.
class RejectStore {
 public:
  virtual ~RejectStore() = default;

  /// Before the first batch. Throws Error: it cannot take any.
  virtual void open(PgConnection& connection, const Target& target) = 0;
  /// Within the transaction of the batch, last of all. What it stores is there at the latest when
  /// the transaction has committed.
  virtual void put(PgConnection& connection, const Batch& batch,
                   const std::vector<RefusedRow>& refusals, const std::string& sink) = 0;
  virtual void committed() {}
  virtual void rolled_back() {}
  /// "file bad.ndjson", "table public.bad"
  virtual std::string name() const = 0;
};

/// Null: none was asked for.
std::unique_ptr<RejectStore> make_reject_store(const RejectOptions& options, bool create_table);

/// The record's own line with "error" as its last member: {"table", "sqlstate", "message",
/// "column", "constraint"}, those that are known. Appends a line end.
void append_reject_line(OutBuffer& out, const Batch::Entry& entry, const Refusal& refusal,
                        const std::string& table);

/// A JSON text of the same meaning in ASCII alone. `json` is valid UTF-8.
std::string to_ascii_json(std::string_view json);

}  // namespace kpipe
