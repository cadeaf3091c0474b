// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/sink_loop.hpp"
#include "tools/ksink-pg/offsets_table.hpp"
#include "tools/ksink-pg/options.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/replace_lock.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

/// Rows that a swap touched.
struct SwapCounts {
  std::int64_t removed = 0;
  std::int64_t changed = 0;
  std::int64_t added = 0;
};

/// One run of --strategy replace: a table aside, made like the target, takes the rows, batch by
/// batch, as any table would; at the end one transaction makes the target hold just these.
class Replacement {
 public:
  explicit Replacement(const PgSinkOptions& options);

  /// Looks the target up; throws Error when its rows cannot be replaced.
  void find(PgConnection& connection);
  /// Drops what a run that died has left, with its offsets, and makes the table aside if there is
  /// a target to make it like. find() was called. Throws Error (temp_fail) while another run lives.
  void begin(PgConnection& connection, OffsetsTable& offsets);
  /// The last part of begin(), within a transaction; for --dry-run alone.
  void make_aside(PgConnection& connection);
  /// Within a transaction: the table aside was made from the first batch. Marks it as ours.
  void adopt(PgConnection& connection, const Target& aside);
  /// Before each transaction of the run.
  void hold() { lock_.hold(target_.display()); }

  /// There is a table whose rows are to be replaced; else one is made.
  bool has_target() const noexcept { return had_target_; }
  const QualifiedName& aside() const noexcept { return aside_; }
  std::string sql_name(const PgConnection& connection) const {
    return target_.sql_name(connection);
  }
  const std::string& schema() const noexcept { return target_.schema(); }
  /// The target's, for people.
  std::string display() const { return target_.display(); }

  /// --evolve add: gives the target the columns that the table aside has got in this run, in a
  /// transaction of its own, so that its lock, which shuts readers out, is a short one. Returns the
  /// statement; empty: there are none.
  std::string add_columns(PgConnection& connection);
  /// The swap, in one transaction: may be called again after an outage, also one that left open
  /// whether it committed. `offsets` are those of the run; they become those of `sink`. `aside` is
  /// the table that was filled, as long as this run made it. Throws Error when something is
  /// missing; the target is as it was then.
  SwapCounts swap(PgConnection& connection, const OffsetsTable& offsets, const std::string& sink,
                  const Target& aside, const SourceEnd& end);
  /// The swap made the target.
  bool created() const noexcept { return created_; }

 private:
  std::string aside_sql(const PgConnection& connection) const;
  void check_target(PgConnection& connection);
  void drop_leftover(PgConnection& connection);
  bool shaped_by_triggers(PgConnection& connection) const;
  std::string free_columns(PgConnection& connection) const;
  void refuse_published(PgConnection& connection) const;
  bool committed_before(PgConnection& connection);
  void lock_tables(PgConnection& connection, const Target& aside);
  std::vector<std::string> common_columns(PgConnection& connection) const;
  SwapCounts move_rows(PgConnection& connection);
  void commit(PgConnection& connection, PgTransaction& transaction, const std::string& statements);
  [[noreturn]] void begin_again(const std::string& why) const;

  PgSinkOptions options_;
  Target target_;
  QualifiedName aside_;
  bool had_target_ = false;
  std::vector<std::string> first_columns_;  ///< of the target when the run began
  bool referenced_ = false;
  bool created_ = false;
  ReplaceLock lock_;
  /// Of the transaction whose COMMIT was sent.
  std::optional<std::string> swap_xid_;
  SwapCounts counts_;
};

}  // namespace kpipe
