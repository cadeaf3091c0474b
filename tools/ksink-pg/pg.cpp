// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/pg.hpp"

#include <utility>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

/// libpq's messages end with a line break and may have several lines.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string message_of(const std::string& action, const PgDiagnostics& d) {
  std::string text = action + ": " + d.message;
  if (!d.detail.empty()) text += " (" + d.detail + ")";
  if (!d.sqlstate.empty()) text += " [" + d.sqlstate + "]";
  return text;
}

}  // namespace

PgError::PgError(const std::string& action, PgDiagnostics diagnostics)
    : Error(exit_of(classify_sqlstate(diagnostics.sqlstate)), message_of(action, diagnostics)),
      diagnostics_(std::move(diagnostics)) {}

bool PgResult::failed() const noexcept {
  switch (status()) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
    case PGRES_EMPTY_QUERY:
      return false;
    default:
      return true;
  }
}

PgDiagnostics PgResult::diagnostics() const {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result_.get(), code);
    return one_line(text != nullptr ? text : "");
  };
  PgDiagnostics d{field(PG_DIAG_SQLSTATE),       field(PG_DIAG_MESSAGE_PRIMARY),
                  field(PG_DIAG_MESSAGE_DETAIL), field(PG_DIAG_CONTEXT),
                  field(PG_DIAG_COLUMN_NAME),    field(PG_DIAG_CONSTRAINT_NAME)};
  if (d.message.empty()) d.message = one_line(PQresultErrorMessage(result_.get()));
  return d;
}

std::string_view PgResult::get(int row, int column) const noexcept {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

bool PgResult::is_null(int row, int column) const noexcept {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::int64_t PgResult::get_int(int row, int column) const {
  const auto value = parse_int(get(row, column));
  if (!value) throw Error(Exit::software, "PostgreSQL returned no number where one was asked for");
  return *value;
}

PgDiagnostics PgConnection::connection_diagnostics() const {
  PgDiagnostics d;
  d.message = one_line(PQerrorMessage(connection_.get()));
  if (d.message.empty()) d.message = "the connection was lost";
  return d;
}

PgDiagnostics PgConnection::diagnostics_of(const PgResult& result) const {
  if (!result) return connection_diagnostics();
  PgDiagnostics d = result.diagnostics();
  if (d.message.empty()) d.message = connection_diagnostics().message;
  return d;
}

bool PgConnection::usable() const noexcept {
  return connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK;
}

bool PgConnection::durable() {
  return exec("SELECT pg_catalog.current_setting('fsync')", "cannot read the server's settings")
             .get(0, 0) != "off";
}

PgResult PgConnection::exec(const std::string& sql, const std::string& action) {
  PgResult result(PQexec(connection_.get(), sql.c_str()));
  if (!result || result.failed()) throw PgError(action, diagnostics_of(result));
  return result;
}

int PgConnection::exec_until_failure(const std::string& sql, PgDiagnostics& failure) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    failure = connection_diagnostics();
    return 0;
  }
  int succeeded = 0;
  bool failed = false;
  while (PgResult result{PQgetResult(connection_.get())}) {
    if (failed) continue;
    if (result.failed()) {
      failed = true;
      failure = diagnostics_of(result);
    } else {
      ++succeeded;
    }
  }
  return succeeded;
}

void PgConnection::copy_begin(const std::string& sql, const std::string& action) {
  const PgResult result = exec(sql, action);
  if (result.status() != PGRES_COPY_IN) throw Error(Exit::software, action + ": no COPY was begun");
}

void PgConnection::copy_put(std::string_view bytes) {
  // A length is an int in libpq.
  constexpr std::size_t kMost = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMost);
    if (PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size())) != 1) {
      throw PgError("connection lost while rows were sent", connection_diagnostics());
    }
    bytes.remove_prefix(piece.size());
  }
}

void PgConnection::copy_end(const std::string& action) {
  if (PQputCopyEnd(connection_.get(), nullptr) != 1)
    throw PgError(action, connection_diagnostics());
  const PgResult result(PQgetResult(connection_.get()));
  const bool failed = !result || result.failed();
  const PgDiagnostics diagnostics = failed ? diagnostics_of(result) : PgDiagnostics{};
  discard_results();
  if (failed) throw PgError(action, diagnostics);
}

void PgConnection::discard_results() noexcept {
  while (PGresult* result = PQgetResult(connection_.get())) {
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status == PGRES_COPY_IN) break;
  }
}

void PgConnection::copy_abandon() noexcept {
  if (PQtransactionStatus(connection_.get()) != PQTRANS_ACTIVE) return;
  PQputCopyEnd(connection_.get(), "abandoned by the client");
  discard_results();
}

void PgConnection::abandon() noexcept {
  if (!usable()) return;
  copy_abandon();
  const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
  if (status == PQTRANS_IDLE) return;
  if (status != PQTRANS_ACTIVE) PQclear(PQexec(connection_.get(), "ROLLBACK"));
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) connection_.reset();
}

std::string PgConnection::identifier(std::string_view name) const {
  char* const quoted = PQescapeIdentifier(connection_.get(), name.data(), name.size());
  if (quoted == nullptr) throw PgError("cannot quote a name", connection_diagnostics());
  std::string text(quoted);
  PQfreemem(quoted);
  return text;
}

std::string PgConnection::literal(std::string_view text) const {
  char* const quoted = PQescapeLiteral(connection_.get(), text.data(), text.size());
  if (quoted == nullptr) throw PgError("cannot quote a text", connection_diagnostics());
  std::string copy(quoted);
  PQfreemem(quoted);
  return copy;
}

PgSavepoint::PgSavepoint(PgConnection& connection) : connection_(connection) {
  connection_.exec("SAVEPOINT kpipe", "cannot set a savepoint");
}

PgSavepoint::~PgSavepoint() {
  if (!open_) return;
  try {
    roll_back();
  } catch (const Error&) {  // a lost connection: whatever follows on it fails
  }
}

void PgSavepoint::release() {
  connection_.exec("RELEASE SAVEPOINT kpipe", "cannot release a savepoint");
  open_ = false;
}

void PgSavepoint::roll_back() {
  open_ = false;
  connection_.copy_abandon();
  connection_.exec("ROLLBACK TO SAVEPOINT kpipe; RELEASE SAVEPOINT kpipe",
                   "cannot go back to a savepoint");
}

PgTransaction::PgTransaction(PgConnection& connection) : connection_(connection) {
  // synchronous_commit: an acknowledged row must survive a crash of the server; remote_apply is
  // stronger than "on" and stays. The timeouts end what a frozen process of ours would hold up.
  connection_.exec(
      "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
      "SELECT pg_catalog.set_config('synchronous_commit',"
      " CASE pg_catalog.current_setting('synchronous_commit')"
      " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true);"
      "SET LOCAL lock_timeout = '30s';"
      "SET LOCAL idle_in_transaction_session_timeout = '60s'",
      "cannot begin a transaction");
}

PgTransaction::~PgTransaction() {
  if (open_) connection_.abandon();
}

void PgTransaction::commit(const std::string& action) {
  connection_.exec("COMMIT", action);
  open_ = false;
}

}  // namespace kpipe
