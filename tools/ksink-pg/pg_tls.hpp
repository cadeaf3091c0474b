// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe {

/// True if libpq's connection reaches no further than this machine: every one of its hosts is a
/// Unix socket (a path, or none named) or a loopback address. `hosts` and `addresses` are libpq's
/// "host" and "hostaddr", lists with commas; of a host that has an address only that counts.
bool stays_on_this_machine(std::string_view hosts, std::string_view addresses);

/// Makes sslmode=verify-full the default of connections that leave the machine, with the system's
/// CAs where the user has no others. libpq's own default, prefer, takes any certificate, and none.
/// An sslmode of `dsn`, its service or PGSSLMODE stays as it is. The defaults go into this
/// process's environment (PGSSLMODE, PGSSLROOTCERT), the only place that counts behind a service
/// file; so no other thread may run.
void set_tls_defaults(const std::string& dsn);

/// Whether libpq's message (in English, of one or several hosts) says that TLS was refused for
/// every host, which no repetition heals: a certificate that is not the host's or of no known CA, a
/// server without TLS.
bool is_tls_refusal(std::string_view message);

}  // namespace kpipe
