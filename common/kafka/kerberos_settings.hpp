// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.hpp"

namespace kpipe {

class ClientConfig;

/// Serves GSSAPI, where librdkafka leaves tickets to kinit(1) and to a shell whose output is ours:
///
///   sasl.kerberos.keytab       a ticket is fetched now, once a process, and anew by librdkafka
///                              every sasl.kerberos.min.time.before.relogin
///   sasl.kerberos.kinit.cmd    the user's own command in its place, kept off our stdout
///   neither                    the ticket cache (KRB5CCNAME) is used as it is
///
/// Does nothing for other mechanisms. Throws Error naming the property: config for a keytab that
/// cannot be read, else what diagnose_kerberos() makes of the failure.
void apply_kerberos(ClientConfig& config);

/// The command line that fetches a ticket.
std::string kinit_command(std::string_view keytab, std::string_view principal);

/// What the failure of kinit(1) means; `status` is the shell's. `where`: the property and the file.
Error kinit_error(const std::string& where, int status, std::string_view output);

}  // namespace kpipe
