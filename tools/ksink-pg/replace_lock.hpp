// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tools/ksink-pg/pg.hpp"

namespace kpipe {

/// Keeps a second run of --strategy replace out while the first is alive: an advisory lock in a
/// transaction that stays open for the whole run, on a connection of its own. Through pgbouncer in
/// transaction mode a lock of a session would not do; a mark in a row would outlive its owner. The
/// transaction has read nothing: it holds no snapshot, and vacuum is free.
///
/// Only a courtesy to the run that is under way: what keeps two runs from mixing is that each
/// fills a table of its own oid.
class ReplaceLock {
 public:
  explicit ReplaceLock(std::string dsn) : dsn_(std::move(dsn)) {}

  /// Takes the lock, or finds that it is still ours. `table` is the name for people. Throws Error
  /// (temp_fail) when another run has it, and PgError.
  void hold(const std::string& table);
  void release() noexcept { connection_.reset(); }

 private:
  std::string dsn_;
  std::optional<PgConnection> connection_;
};

}  // namespace kpipe
