// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kerberos_diagnosis.hpp"

#include <array>
#include <string>

namespace kpipe {
namespace {

/// What is said, what it means and what helps.
struct Meaning {
  std::string_view words;
  Exit exit;
  Retry retry;
  std::string_view cause;  ///< put in front of the words
  std::string_view remedy;
};

constexpr std::string_view ask_for_ticket =
    "Give -X sasl.kerberos.keytab=FILE and sasl.kerberos.principal=NAME@REALM, or get a ticket "
    "with kinit";

// The first that matches counts.
constexpr std::array<Meaning, 17> meanings{{
    {"No worthy mechs found", Exit::config, Retry::useless,
     "the module for GSSAPI of Cyrus SASL is not installed here",
     "Install libsasl2-modules-gssapi-mit (Debian, Ubuntu) or cyrus-sasl-gssapi (Fedora, RHEL)"},
    {"Keytab contains no suitable keys", Exit::config, Retry::useless,
     "the keytab has no key of the principal",
     "Check sasl.kerberos.principal: klist -k FILE shows whose keys are in it"},
    {"Unsupported key table format", Exit::config, Retry::useless, "the file is no keytab",
     "Check sasl.kerberos.keytab"},
    {"does not specify default realm", Exit::config, Retry::useless, "no realm is named",
     "Give it in sasl.kerberos.principal=NAME@REALM, or a default_realm in /etc/krb5.conf"},
    {"Cannot find KDC", Exit::config, Retry::useless, "no KDC is named",
     "Check the realm in sasl.kerberos.principal, and [realms] of /etc/krb5.conf"},
    {"Cannot contact any KDC", Exit::unavailable, Retry::helps, "no KDC answers",
     "Check the KDC and the network, and [realms] of /etc/krb5.conf"},
    {"Cannot resolve", Exit::unavailable, Retry::helps, "the KDC's name is not known",
     "Check the DNS, and [realms] of /etc/krb5.conf"},
    // Unknown, expired, locked.
    {"Client", Exit::no_permission, Retry::useless, "the KDC refuses the principal",
     "Check sasl.kerberos.principal, or ask the administrator of the KDC for it"},
    {"not found in Kerberos database", Exit::no_permission, Retry::useless,
     "the KDC does not know the broker by this name",
     "Let -b and advertised.listeners name brokers as their principals do (SERVICE/HOST), and give "
     "-X sasl.kerberos.service.name=SERVICE"},
    {"Password incorrect", Exit::no_permission, Retry::useless,
     "the KDC does not take the key in the keytab",
     "Get a new keytab: the principal's key was changed after this one was made"},
    {"Preauthentication failed", Exit::no_permission, Retry::useless,
     "the KDC does not take the key in the keytab",
     "Get a new keytab: the principal's key was changed after this one was made"},
    {"Clock skew too great", Exit::no_permission, Retry::useless,
     "the clocks of this machine and the KDC or broker differ by too much",
     "Set the clock; Kerberos allows 5 minutes"},
    {"credentials cache format", Exit::config, Retry::useless, "the ticket cache cannot be read",
     "Check KRB5CCNAME, or make a new one with kinit"},
    {"invalid credentials with SASL mechanism", Exit::no_permission, Retry::useless,
     "the broker does not take our ticket",
     "Check that the broker's keytab has the key that the KDC has now; the broker's log says more"},
    // Another process with the same cache may just be filling it.
    {"No Kerberos credentials available", Exit::no_permission, Retry::doubtful,
     "there is no ticket", ask_for_ticket},
    {"Ticket expired", Exit::no_permission, Retry::doubtful, "the ticket has expired",
     ask_for_ticket},
    {"context has expired", Exit::no_permission, Retry::doubtful, "the ticket has expired",
     ask_for_ticket},
}};

}  // namespace

std::string kerberos_words(std::string_view text) {
  constexpr std::string_view gssapi = "GSSAPI Error: ";
  const std::size_t at = text.find(gssapi);
  if (at != std::string_view::npos) {
    // "Unspecified GSS failure.  Minor code may provide more information (WORDS)".
    text.remove_prefix(at + gssapi.size());
    const std::size_t open = text.find(" (");
    const std::size_t close = text.find_last_of(')', text.rfind(" (after "));
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
      return std::string(text);
    const std::string_view minor = text.substr(open + 2, close - open - 2);
    return std::string(minor == "Success" ? text.substr(0, open) : minor);
  }
  // "SASL(-4): no mechanism available: WORDS", "kinit: WORDS while getting initial credentials".
  const std::size_t prefix = text.rfind(": ");
  if (prefix != std::string_view::npos) text.remove_prefix(prefix + 2);
  return std::string(text.substr(0, text.find(" while getting initial credentials")));
}

Diagnosis diagnose_kerberos(std::string_view words) {
  Diagnosis diagnosis{"login", Exit::no_permission, kerberos_words(words),
                      "The logs of the KDC and the broker say more", Retry::doubtful};
  for (const Meaning& meaning : meanings) {
    if (words.find(meaning.words) == std::string_view::npos) continue;
    diagnosis.exit = meaning.exit;
    diagnosis.retry = meaning.retry;
    diagnosis.cause = std::string(meaning.cause) + " (" + diagnosis.cause + ")";
    diagnosis.remedy = meaning.remedy;
    break;
  }
  return diagnosis;
}

}  // namespace kpipe
