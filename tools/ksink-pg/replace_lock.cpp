// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/replace_lock.hpp"

namespace kpipe {

void ReplaceLock::hold(const std::string& table) {
  const std::string action = "cannot lock table " + table + " for --strategy replace";
  if (connection_) {
    try {
      connection_->exec("SELECT", action);
      return;
    } catch (const PgError&) {
      connection_.reset();
    }
  }
  connection_.emplace(dsn_);
  // An open transaction is the point of this; the server is to notice when our machine is gone. A
  // process that was just killed may still have the lock for a moment.
  connection_->exec(
      "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_catalog.set_config(v.name, v.value, true)"
      " FROM (VALUES ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),"
      " ('statement_timeout', '0'), ('lock_timeout', '5s'), ('tcp_keepalives_idle', '30'),"
      " ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) v (name, value)"
      " JOIN pg_catalog.pg_settings s ON s.name = v.name",
      action);
  try {
    connection_->exec(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended("
        "'kpipe replace ' || " +
            connection_->literal(table) + ", 0))",
        action);
  } catch (const PgError& error) {
    connection_.reset();
    if (error.diagnostics().sqlstate != "55P03") throw;
    throw Error(Exit::temp_fail, "table " + table +
                                     ": another ksink-pg --strategy replace is filling it. Try "
                                     "again when that is done");
  }
}

}  // namespace kpipe
