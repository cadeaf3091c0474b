// SPDX-License-Identifier: Apache-2.0
// Connecting, for PgConnection of pg.hpp.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "common/base/log.hpp"
#include "common/base/parse.hpp"
#include "common/base/stop.hpp"
#include "tools/ksink-pg/conninfo.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/pg_tls.hpp"

namespace kpipe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kAction = "cannot connect to PostgreSQL";

/// libpq's own default is to wait for ever.
constexpr std::int64_t kConnectTimeoutSeconds = 10;

/// How long libpq may take in all: connect_timeout for each host that it tries in turn.
std::chrono::seconds patience(PGconn* connection) {
  const ConnectionOptions options(PQconninfo(connection));
  const std::int64_t given = parse_int(value_of(options, "connect_timeout")).value_or(0);
  const auto commas = [&](const char* keyword) {
    const std::string_view text = value_of(options, keyword);
    return std::count(text.begin(), text.end(), ',');
  };
  const auto hosts = 1 + std::max(commas("host"), commas("hostaddr"));
  return std::chrono::seconds((given > 0 ? given : kConnectTimeoutSeconds) * hosts);
}

/// With verbose errors a server's message reads "FATAL:  28P01: text\nLOCATION:  file". That is the
/// only way to learn the SQLSTATE of a refused login from libpq.
PgDiagnostics read_verbose(std::string_view text) {
  PgDiagnostics d;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("LOCATION:")) continue;
    const std::size_t at = line.find(":  ");
    std::string shown(line);
    if (at != std::string_view::npos && line.size() > at + 9 && line.substr(at + 8, 2) == ": ") {
      const std::string_view state = line.substr(at + 3, 5);
      if (std::all_of(state.begin(), state.end(), [](unsigned char c) {
            return std::isdigit(c) != 0 || std::isupper(c) != 0;
          })) {
        d.sqlstate = state;
        shown.erase(at + 1, 8);
      }
    }
    while (!shown.empty() && (shown.front() == '\t' || shown.front() == ' ')) shown.erase(0, 1);
    if (!d.message.empty()) d.message += ". ";  // libpq's hints are lines of their own
    d.message += shown;
  }
  return d;
}

extern "C" void take_notice(void* /*unused*/, const char* text) {
  try {
    std::string_view line(text);
    line = line.substr(0, line.find('\n'));
    log::info("PostgreSQL: " + std::string(line));
  } catch (...) {  // no exception may pass through libpq; a lost notice is no harm
  }
}

/// Waits until the socket is ready. False at the deadline.
bool wait_for_socket(int socket, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 2> fds{
        {{socket, events, 0}, {stop::requested() ? -1 : stop::fd(), POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready < 0 && errno != EINTR) throw system_error("poll", errno);
    if (ready > 0 && fds[0].revents != 0) return true;
    if (ready > 0 && fds[1].revents != 0) {
      throw Error(Exit::temp_fail, std::string(kAction) + ": stopped by a signal");
    }
  }
}

}  // namespace

PgConnection::PgConnection(const std::string& dsn) {
  set_tls_defaults(dsn);
  // What stands before dbname gives way to the user's string; what stands after it does not. A dead
  // peer must be noticed within a minute: a COPY waits without any timeout otherwise.
  const char* const keywords[] = {"fallback_application_name",
                                  "target_session_attrs",
                                  "keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "tcp_user_timeout",
                                  "dbname",
                                  "client_encoding",
                                  nullptr};
  const char* const values[] = {"kpipe ksink-pg", "read-write", "30",   "10",   "3",
                                "30000",          dsn.c_str(),  "UTF8", nullptr};
  connection_.reset(PQconnectStartParams(keywords, values, /*expand_dbname=*/1));
  if (connection_ == nullptr) throw std::bad_alloc();
  connect();
}

void PgConnection::connect() {
  PGconn* const connection = connection_.get();
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(connection, take_notice, nullptr);
  const Clock::time_point deadline = Clock::now() + patience(connection);
  PostgresPollingStatusType step = PGRES_POLLING_WRITING;
  if (PQstatus(connection) == CONNECTION_BAD) step = PGRES_POLLING_FAILED;
  while (step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING) {
    const short events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for_socket(PQsocket(connection), events, deadline)) {
      const char* const host = PQhost(connection);
      throw PgError(kAction, {"", std::string("timed out: ") + (host != nullptr ? host : ""), "",
                              "", "", ""});
    }
    step = PQconnectPoll(connection);
  }
  if (step != PGRES_POLLING_OK) {
    PgDiagnostics d = read_verbose(PQerrorMessage(connection));
    if (is_tls_refusal(d.message)) {
      throw Error(Exit::no_permission,
                  std::string(kAction) + ": " + d.message +
                      ". A server off this machine must show a certificate of its name "
                      "(sslmode=verify-full): name its CA by sslrootcert=FILE in --dsn, a service "
                      "or PGSSLROOTCERT; or say by sslmode what else will do");
    }
    d.sqlstate = login_sqlstate(d.sqlstate, d.message);
    // Refused by libpq itself: the server asked for a password and there is none.
    if (d.sqlstate.empty() && PQconnectionNeedsPassword(connection) != 0) d.sqlstate = "28P01";
    if (d.sqlstate.starts_with("28")) {
      d.message += ". Give the password by PGPASSFILE, ~/.pgpass, a service file or PGPASSWORD";
    }
    throw PgError(kAction, std::move(d));
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  constexpr int kOldestServer = 120000;
  if (server_version() < kOldestServer) {
    throw Error(Exit::config, std::string(kAction) + ": server version " +
                                  std::to_string(server_version() / 10000) +
                                  " is too old. PostgreSQL 12 or newer is needed");
  }
}

}  // namespace kpipe
