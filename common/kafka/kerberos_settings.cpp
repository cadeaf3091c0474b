// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kerberos_settings.hpp"

#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include "common/auth/command.hpp"
#include "common/base/clock.hpp"
#include "common/base/fd.hpp"
#include "common/base/parse.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/kerberos_diagnosis.hpp"

namespace kpipe {
namespace {

constexpr const char* kKeytab = "sasl.kerberos.keytab";
constexpr const char* kCommand = "sasl.kerberos.kinit.cmd";
constexpr const char* kRelogin = "sasl.kerberos.min.time.before.relogin";
constexpr int kNoSuchCommand = 127;  ///< of sh(1)

bool is_kerberos(const ClientConfig& config) {
  return config.property("security.protocol").starts_with("sasl_") &&
         config.property("sasl.mechanisms") == "GSSAPI";
}

std::string quoted(std::string_view word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

void check_readable(const std::string& where, const std::string& keytab) {
  constexpr std::string_view kind = "FILE:";  // MIT's default, which may be said
  const std::string path = keytab.starts_with(kind) ? keytab.substr(kind.size()) : keytab;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) throw Error(Exit::config, where + ": " + std::strerror(errno));
}

/// A tool makes several clients, which share the ticket cache.
void fetch_ticket(const std::string& where, const std::string& command,
                  std::chrono::milliseconds limit) {
  static std::mutex mutex;
  static std::set<std::string> done;
  const std::lock_guard lock(mutex);
  if (done.contains(command)) return;
  const std::atomic<bool> never{false};
  // The last line is the status.
  std::string text;
  try {
    text = output_of(command + " 2>&1; echo $?", where + ": kinit", limit, never).reveal();
  } catch (const Error& error) {
    if (error.exit() != Exit::unavailable) throw;
    throw kinit_error(where, 1, "Cannot contact any KDC within " + duration_text(limit.count()));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t line = text.rfind('\n') + 1;
  const auto status = parse_int(text.substr(line));
  if (status != 0)
    throw kinit_error(where, static_cast<int>(status.value_or(1)), text.substr(0, line));
  done.insert(command);
}

}  // namespace

std::string kinit_command(std::string_view keytab, std::string_view principal) {
  return "kinit -k -t " + quoted(keytab) + " " + quoted(principal);
}

Error kinit_error(const std::string& where, int status, std::string_view output) {
  if (status == kNoSuchCommand) {
    return Error(Exit::config, where +
                                   ": kinit is not installed here, and fetches the ticket. Install "
                                   "krb5-user (Debian, Ubuntu) or krb5-workstation (Fedora, RHEL)");
  }
  const Diagnosis diagnosis = diagnose_kerberos(output.substr(0, output.find('\n')));
  return Error(diagnosis.exit, where + ": " + diagnosis.cause + ". " + diagnosis.remedy);
}

void apply_kerberos(ClientConfig& config) {
  if (!is_kerberos(config)) return;
  const std::string own = config.user_value(kCommand);
  const std::string keytab = config.user_value(kKeytab);
  if (!own.empty()) {
    // It may print, and our stdout is for data.
    config.set(kCommand, "{ " + own + "\n} </dev/null >&2");
  } else if (keytab.empty()) {
    config.set(kRelogin, "0");
  } else {
    const std::string where = config.user_origin(kKeytab) + ": " + kKeytab + ": " + keytab;
    check_readable(where, keytab);
    const std::string command = kinit_command(keytab, config.property("sasl.kerberos.principal"));
    fetch_ticket(where, command, config.options().timeout);
    config.set(kCommand, command + " </dev/null >/dev/null 2>&1");
  }
}

}  // namespace kpipe
