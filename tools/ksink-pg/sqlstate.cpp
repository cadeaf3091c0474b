// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/sqlstate.hpp"

#include <array>

namespace kpipe {
namespace {

struct Rule {
  std::string_view prefix;
  SqlStateClass kind;
};

using enum SqlStateClass;

/// The first matching prefix decides, so single codes stand before their class.
constexpr std::array<Rule, 33> kRules{{
    {"08", outage},      // connection exceptions; pgbouncer says 08P01 when its server is away
    {"25006", outage},   // read-only transaction: this server became a standby
    {"25P03", outage},   // idle-in-transaction timeout: we were frozen
    {"25P04", outage},   // transaction timeout
    {"40002", data},     // integrity constraint at COMMIT
    {"40", outage},      // serialization failure, deadlock
    {"53", outage},      // disk full, out of memory, too many connections
    {"55P03", outage},   // lock not available
    {"55006", outage},   // object in use
    {"55000", outage},   // object not in prerequisite state, as during recovery
    {"57P04", missing},  // database dropped
    {"57", outage},      // shutdown, crash, starting up, query canceled
    {"58", outage},      // I/O error of the server
    {"22", data},        // the value does not fit its type
    {"23", data},        // a constraint refuses the row
    {"44", data},        // WITH CHECK OPTION
    {"54011", schema},   // too many columns
    {"54", data},        // row or index entry too large
    {"P0", data},        // RAISE in a trigger
    {"09", data},        // triggered action
    {"27", data},        // triggered data change
    {"3D", missing},     // no such database
    {"42P01", missing},  // no such table
    {"42501", permission}, {"42", schema},     {"3F", schema},  // no such schema
    {"0A", schema},  // not supported (COPY with row-level security)
    {"2B", schema},        {"28", permission}, {"0L", permission},  // invalid grantor
    {"0P", permission},                                             // invalid role
    {"25", internal},      {"XX", internal},  // corruption, or a bug of the server
}};

}  // namespace

SqlStateClass classify_sqlstate(std::string_view state) noexcept {
  if (state.empty()) return outage;
  for (const Rule& rule : kRules) {
    if (state.starts_with(rule.prefix)) return rule.kind;
  }
  return internal;
}

std::string_view login_sqlstate(std::string_view state, std::string_view message) noexcept {
  if (state != "08P01") return state;
  const auto says = [&](std::string_view text) {
    return message.find(text) != std::string_view::npos;
  };
  if (says("authentication failed")) return "28P01";
  if (says("no such user")) return "28000";
  if (says("no such database")) return "3D000";
  if (says("database \"") && says("\" does not exist")) return "3D000";
  return state;
}

Exit exit_of(SqlStateClass kind) noexcept {
  switch (kind) {
    case outage:
      return Exit::unavailable;
    case data:
      return Exit::data;
    case schema:
      return Exit::config;
    case missing:
      return Exit::no_input;
    case permission:
      return Exit::no_permission;
    case internal:
      break;
  }
  return Exit::io;
}

}  // namespace kpipe
