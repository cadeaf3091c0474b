// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/sink/batch.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/refused_row.hpp"
#include "tools/ksink-pg/row_encoder.hpp"
#include "tools/ksink-pg/strategy.hpp"

namespace kpipe {

/// Records that gave no row of their own.
struct RowCounts {
  std::uint64_t skipped = 0;   ///< tombstones that nothing was done for
  std::uint64_t removals = 0;  ///< tombstones that deleted
  std::uint64_t ignored = 0;   ///< their row was there (--strategy ignore)
  std::uint64_t rejected = 0;  ///< set aside (--rejects)

  std::uint64_t sum() const noexcept { return skipped + removals + ignored + rejected; }
  RowCounts& operator+=(const RowCounts& more) noexcept {
    skipped += more.skipped;
    removals += more.removals;
    ignored += more.ignored;
    rejected += more.rejected;
    return *this;
  }
};

/// Brings records of a batch into the table, within a transaction: begin(), then load() and apply()
/// of all of them; or, to find those that are refused, of one part after the other, each within a
/// savepoint. Reused from batch to batch for its buffers. load() is start(), feed() and finish():
/// the batch may still grow between these.
class RowWriter {
 public:
  virtual ~RowWriter() = default;

  virtual void begin(PgConnection& connection, const Batch& batch);

  /// Copies rows. Throws RefusedRow, PgError; what was done since the last savepoint is then to be
  /// rolled back, and nothing of the part is counted.
  void load(PgConnection& connection, const Batch& batch, EntryRange part, RowEncoder& encoder) {
    start();
    feed(connection, batch, part, encoder);
    finish(connection, batch, part, encoder);
  }
  /// Forgets what was fed and never finished.
  virtual void start() = 0;
  /// Rows of this part follow those of the one before. Until finish() the connection is in COPY.
  virtual void feed(PgConnection& connection, const Batch& batch, EntryRange part,
                    RowEncoder& encoder) = 0;
  /// `part`: all that was fed since start().
  virtual void finish(PgConnection& connection, const Batch& batch, EntryRange part,
                      const RowEncoder& encoder) = 0;

  /// True: load() fills a table beside, and only apply() the target. Several parts are then loaded
  /// before the first is applied.
  virtual bool staged() const noexcept { return false; }
  /// Between the two, when it will not be all of the batch at once that is applied.
  virtual void prepare_parts(PgConnection& /*connection*/) {}
  /// Likewise throws RefusedRow, PgError. Returns how many of the part's rows were there (ignore).
  virtual std::uint64_t apply(PgConnection& /*connection*/, const Batch& /*batch*/,
                              EntryRange /*part*/) {
    return 0;
  }

  void count_ignored(std::uint64_t records) { counts_.ignored += records; }
  /// A record that was loaded is not applied after all.
  void take_back(const Batch::Entry& entry);

  /// Since begin(), what each of the batch's ranges gave rows for.
  const std::vector<std::uint64_t>& rows() const noexcept { return rows_; }
  /// Since begin().
  const RowCounts& counts() const noexcept { return counts_; }

 protected:
  /// `table`: the target, for people.
  RowWriter(std::string table, OnNull on_null) : table_(std::move(table)), on_null_(on_null) {}

  const std::string& table() const noexcept { return table_; }
  enum class Fate { row, removal, nothing };
  /// What is to be done for a record.
  Fate judge(const Batch& batch, const Batch::Entry& entry) const;
  /// A part that was loaded.
  void count(const Batch& batch, EntryRange part);
  /// Runs `work(i)` for each entry of the part; a RefusedRow of it then says which entry that was.
  template <typename Work>
  static void for_each(EntryRange part, Work work) {
    std::uint32_t i = part.first;
    try {
      for (; i < part.end; ++i) work(i);
    } catch (RefusedRow& row) {
      row.set_entries({i, i + 1});
      throw;
    }
  }

 private:
  Fate fate_of(const Batch::Entry& entry) const;

  std::string table_;
  OnNull on_null_;
  std::vector<std::uint64_t> rows_;
  RowCounts counts_;
};

/// COPY is fed in pieces of this size: large enough that the cost of a message vanishes, small
/// enough that the server starts early and finds them in its cache (128 KiB is 5 % slower).
inline constexpr std::size_t kCopyPiece = std::size_t{32} << 10;

/// What was sent by COPY: for what the server says of it.
struct SentRows {
  const Batch& batch;
  EntryRange part;
  const std::vector<std::uint32_t>& entries;  ///< the entry of each line
  const std::string& table;                   ///< the target, for people
};

/// Ends a COPY. What the server refuses becomes a RefusedRow. `relation`: the name of the table
/// that COPY fills, without its schema. `in_order`: all of the part's rows were sent in the order
/// of entries, so that the row at fault is that of the entry at fault.
void end_copy(PgConnection& connection, const SentRows& sent, std::string_view relation,
              bool in_order);

/// Runs a statement over rows of this part. What the server refuses of them becomes a RefusedRow.
/// Its result is returned.
PgResult exec_rows(PgConnection& connection, const std::string& sql, const Batch& batch,
                   EntryRange part, const std::string& table);

/// The same for an error that was met elsewhere, of all rows of the part.
RefusedRow refused_rows(const PgDiagnostics& diagnostics, const Batch& batch, EntryRange part,
                        const std::string& table);

}  // namespace kpipe
