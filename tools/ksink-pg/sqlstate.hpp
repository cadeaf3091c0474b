// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "common/base/error.hpp"

namespace kpipe {

/// What a SQLSTATE (PostgreSQL manual, appendix A) means for a batch that was to be stored.
enum class SqlStateClass {
  outage,      ///< passes by itself or when the operator acts: try the same batch again
  data,        ///< a row's content was refused: no repetition helps
  schema,      ///< table, column, type or function is not what we need
  missing,     ///< the database or the table does not exist
  permission,  ///< login or privilege refused
  internal,    ///< anything else; a person must look
};

/// `state` is empty when libpq itself failed (connection lost, server unreachable): an outage.
SqlStateClass classify_sqlstate(std::string_view state) noexcept;

/// The SQLSTATE that PostgreSQL would give for a login that pgbouncer reports as a protocol
/// violation, 08P01, like all its own errors; `state` unchanged where `message` is about something
/// else, which passes.
std::string_view login_sqlstate(std::string_view state, std::string_view message) noexcept;

/// The exit status when a failure of this class ends the tool.
Exit exit_of(SqlStateClass kind) noexcept;

}  // namespace kpipe
