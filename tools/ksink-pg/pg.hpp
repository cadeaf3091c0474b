// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.hpp"
#include "tools/ksink-pg/sqlstate.hpp"

namespace kpipe {

/// What the server, or libpq, said no with. Fields the server left out are empty.
struct PgDiagnostics {
  std::string sqlstate;
  std::string message;  ///< primary message, one line
  std::string detail;
  std::string context;
  std::string column;
  std::string constraint;
};

/// A failed statement or connection. Its exit status is that of the SQLSTATE.
class PgError : public Error {
 public:
  /// `action` says what failed: "cannot connect to PostgreSQL".
  PgError(const std::string& action, PgDiagnostics diagnostics);

  const PgDiagnostics& diagnostics() const noexcept { return diagnostics_; }
  SqlStateClass kind() const noexcept { return classify_sqlstate(diagnostics_.sqlstate); }

 private:
  PgDiagnostics diagnostics_;
};

/// Owns a PGresult. Views point into it.
class PgResult {
 public:
  explicit PgResult(PGresult* result) : result_(result) {}

  explicit operator bool() const noexcept { return result_ != nullptr; }
  ExecStatusType status() const noexcept { return PQresultStatus(result_.get()); }
  bool failed() const noexcept;
  PgDiagnostics diagnostics() const;

  int rows() const noexcept { return PQntuples(result_.get()); }
  std::string_view get(int row, int column) const noexcept;
  bool is_null(int row, int column) const noexcept;
  bool is_true(int row, int column) const noexcept { return get(row, column) == "t"; }
  std::int64_t get_int(int row, int column) const;

 private:
  struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

/// One connection. Only simple queries with quoted literals: no prepared statement and no session
/// state, so that it works through pgbouncer in transaction mode. Failures are PgErrors.
class PgConnection {
 public:
  /// `dsn` is a libpq connection string or URI, or empty: libpq's environment decides. Gives up
  /// after connect_timeout (default 10 s a host), or when a stop signal comes (Error temp_fail).
  explicit PgConnection(const std::string& dsn);

  /// True while the connection can take a statement.
  bool usable() const noexcept;
  int server_version() const noexcept { return PQserverVersion(connection_.get()); }

  /// False if the server does not flush what it commits (fsync=off): no setting of a session makes
  /// up for that.
  bool durable();

  /// Runs one or several statements and returns the result of the last. `action` names the purpose
  /// in errors ("cannot read the stored offsets").
  PgResult exec(const std::string& sql, const std::string& action);

  /// Runs several statements as one message. Returns how many succeeded; the diagnostics of the one
  /// that did not, after which the server skips the rest, go to `failure`.
  int exec_until_failure(const std::string& sql, PgDiagnostics& failure);

  /// COPY ... FROM STDIN: begin, put as often as needed, end. end() throws what the server found
  /// wrong.
  void copy_begin(const std::string& sql, const std::string& action);
  void copy_put(std::string_view bytes);
  void copy_end(const std::string& action);

  /// Ends a COPY that was begun, so that nothing of it stays.
  void copy_abandon() noexcept;

  /// Leaves whatever was going on: ends a COPY, rolls a transaction back. Never throws; afterwards
  /// the connection is either idle or not usable().
  void abandon() noexcept;

  std::string identifier(std::string_view name) const;
  std::string literal(std::string_view text) const;

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  void connect();
  PgDiagnostics diagnostics_of(const PgResult& result) const;
  PgDiagnostics connection_diagnostics() const;
  void discard_results() noexcept;

  std::unique_ptr<PGconn, Finish> connection_;
};

/// SAVEPOINT: what follows is undone when left before release().
class PgSavepoint {
 public:
  explicit PgSavepoint(PgConnection& connection);
  PgSavepoint(const PgSavepoint&) = delete;
  PgSavepoint& operator=(const PgSavepoint&) = delete;
  ~PgSavepoint();

  void release();
  /// Ends a COPY as well. Throws PgError.
  void roll_back();

 private:
  PgConnection& connection_;
  bool open_ = true;
};

/// BEGIN (READ COMMITTED, durable commit, bounded waits for locks) ... COMMIT; rolls back when
/// left.
class PgTransaction {
 public:
  explicit PgTransaction(PgConnection& connection);
  PgTransaction(const PgTransaction&) = delete;
  PgTransaction& operator=(const PgTransaction&) = delete;
  ~PgTransaction();

  /// For statements that are independent of a batch.
  void commit(const std::string& action);
  /// The COMMIT was sent along with other statements.
  void committed() noexcept { open_ = false; }

 private:
  PgConnection& connection_;
  bool open_ = true;
};

}  // namespace kpipe
