// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace kpipe {

/// Exit statuses of every tool: the numbers of sysexits(3), so that supervisors can tell "restart
/// me" (75, 69) from "a person must look" (64, 65, 66, 70, 77, 78).
enum class Exit : int {
  ok = 0,
  check_failed = 1,    ///< a check said no, or one part of many failed
  usage = 64,          ///< EX_USAGE
  data = 65,           ///< EX_DATAERR
  no_input = 66,       ///< EX_NOINPUT: no such topic, group, table
  unavailable = 69,    ///< EX_UNAVAILABLE: broker or database unreachable
  software = 70,       ///< EX_SOFTWARE: a bug of ours
  io = 74,             ///< EX_IOERR
  temp_fail = 75,      ///< EX_TEMPFAIL: sink gone, records unacknowledged, fenced
  no_permission = 77,  ///< EX_NOPERM: login, ACL or TLS refused
  config = 78,         ///< EX_CONFIG
};

/// The one exception type. `what()` reads `what failed: where: cause. remedy`; main() puts the
/// tool's name before it and exits with `exit()`.
class Error : public std::runtime_error {
 public:
  Error(Exit exit, const std::string& message) : std::runtime_error(message), exit_(exit) {}
  Exit exit() const noexcept { return exit_; }

 private:
  Exit exit_;
};

/// "CONTEXT: strerror(errno_value)" with Exit::io.
Error system_error(const std::string& context, int errno_value);

}  // namespace kpipe
