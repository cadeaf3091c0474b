// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/diagnosis.hpp"

#include <netdb.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/base/ascii.hpp"
#include "common/base/clock.hpp"
#include "common/kafka/broker_address.hpp"
#include "common/kafka/kerberos_diagnosis.hpp"

namespace kpipe {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Without "(after 3ms in state UP)", which is of no use to the reader.
std::string without_state(const std::string& failure) {
  const std::size_t at = failure.rfind(" (after ");
  return at == std::string::npos ? failure : failure.substr(0, at);
}

/// Broker's words after the last of librdkafka's prefixes ("Broker: SASL Authentication failed: ").
std::string after_last(const std::string& text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  return at == std::string::npos ? text : text.substr(at + mark.size());
}

std::string with_tls(const Security& security) {
  return security.sasl() ? "sasl_ssl" : "ssl";
}
std::string without_tls(const Security& security) {
  return security.sasl() ? "sasl_plaintext" : "plaintext";
}

Diagnosis refused_certificate(int error) {
  Diagnosis diagnosis{
      "tls", Exit::no_permission, X509_verify_cert_error_string(error), {}, Retry::useless};
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      diagnosis.cause = "the certificate has expired";
      diagnosis.remedy = "Renew the broker's certificate; if its date is right, set this clock";
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      diagnosis.cause = "the certificate is not valid yet";
      diagnosis.remedy = "Check the clock of this machine and the certificate's dates";
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      diagnosis.cause = "the certificate is for other names than the one in -b";
      diagnosis.remedy =
          "Use a name of the certificate in -b and in advertised.listeners, or renew it with this "
          "name";
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      diagnosis.cause = "the certificate comes from an authority that is not trusted here (" +
                        diagnosis.cause + ")";
      diagnosis.remedy =
          "Give the certificate of the authority that signed it: -X ssl.ca.location=FILE";
      break;
    default:
      diagnosis.remedy = "See the certificate's subject and dates, and -X ssl.ca.location";
  }
  return diagnosis;
}

/// The words of `failure` between `mark` and the state.
std::string words_after(const std::string& failure, std::string_view mark) {
  return without_state(after_last(failure, mark));
}

Diagnosis failed_name(const std::string& failure, std::chrono::milliseconds timeout) {
  const std::string words = words_after(failure, "': ");
  for (const int code : {EAI_NONAME, EAI_NODATA, EAI_AGAIN}) {
    if (words == ::gai_strerror(code)) return diagnose_name(code, timeout);
  }
  return {"resolve", Exit::unavailable, without_state(failure), "Check the spelling and the DNS"};
}

Diagnosis failed_connect(const std::string& failure, std::chrono::milliseconds timeout) {
  if (contains(failure, "timed out in state")) return diagnose_connect(ETIMEDOUT, timeout);
  const std::string words = words_after(failure, "failed: ");
  for (const int error : {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM}) {
    if (words == std::strerror(error)) return diagnose_connect(error, timeout);
  }
  return {"connect", Exit::unavailable, words, "Check the address and the port"};
}

Diagnosis no_answer(const Security& security, bool shown, std::chrono::milliseconds timeout) {
  const std::string step = security.tls() && !shown ? "tls" : security.sasl() ? "login" : "api";
  return {
      step, Exit::unavailable,
      "the port takes connections, but nobody answered within " + duration_text(timeout.count()),
      "Check that this is Kafka's port and no proxy without a broker behind it, and that the "
      "broker is well; a slow one needs a longer --timeout"};
}

/// The first bytes of an answer, read by librdkafka as a length, tell who is speaking.
Diagnosis foreign_answer(const std::string& failure, const Security& security) {
  const std::string_view digits = std::string_view(failure).substr(
      failure.find("Invalid response size ") + std::strlen("Invalid response size "));
  std::int32_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  constexpr std::int32_t tls_alert = 0x15;
  constexpr std::int32_t http = 0x48545450;  // "HTTP"
  if (size >> 24 == tls_alert) {
    return {"tls", Exit::config, "the port speaks TLS, and we do not",
            "Give -X security.protocol=" + with_tls(security) +
                ", or the port of a listener without TLS",
            Retry::useless};
  }
  if (size == http) {
    return {"api", Exit::config, "the port speaks HTTP",
            "Give the port of a Kafka listener in -b, not that of a proxy or a registry",
            Retry::useless};
  }
  return {"api", Exit::config, "the answer is none of Kafka's: " + without_state(failure),
          "Check that this is Kafka's port", Retry::useless};
}

Diagnosis failed_handshake(const std::string& failure, const Security& security) {
  if (contains(failure, "alert")) {
    if (contains(failure, "protocol version") || contains(failure, "insufficient security")) {
      return {"tls", Exit::no_permission, "no common version or cipher of TLS: " + failure,
              "Compare -X ssl.cipher.suites and ssl.enabled.protocols of the broker",
              Retry::useless};
    }
    return {"tls", Exit::no_permission,
            "the broker refuses our certificate, or demands one: " + without_state(failure),
            "Give a certificate that its truststore knows: -X ssl.certificate.location=FILE "
            "-X ssl.key.location=FILE",
            Retry::useless};
  }
  if (contains(failure, "unsupported protocol") || contains(failure, "no protocols available") ||
      contains(failure, "no shared cipher")) {
    return {"tls", Exit::no_permission, "no common version or cipher of TLS: " + failure,
            "Compare -X ssl.cipher.suites and ssl.enabled.protocols of the broker", Retry::useless};
  }
  if (contains(failure, "wrong version number") || contains(failure, "PLAINTEXT broker listener") ||
      contains(failure, "packet length too long") || contains(failure, "Disconnected") ||
      contains(failure, "record layer failure") || contains(failure, "unexpected eof")) {
    return {"tls", Exit::config, "the port does not speak TLS, and we do",
            "Give -X security.protocol=" + without_tls(security) +
                ", or the port of a listener with TLS",
            Retry::doubtful};
  }
  return {"tls", Exit::no_permission, without_state(failure),
          "Check -X ssl.ca.location, ssl.certificate.location and ssl.key.location; the broker's "
          "log says more",
          Retry::doubtful};
}

Diagnosis failed_login(const std::string& failure, const Security& security) {
  constexpr std::string_view offered = "broker's supported mechanisms: ";
  if (contains(failure, "not valid in current SASL state")) {
    return {"login", Exit::config, "the listener knows no logins, and we want to log in",
            "Give -X security.protocol=" + std::string(security.tls() ? "ssl" : "plaintext") +
                ", or the port of a listener with SASL",
            Retry::useless};
  }
  const bool answered = !contains(failure, "mechanisms: (n/a)");
  if (contains(failure, offered) && answered) {
    return {"login", Exit::no_permission,
            "the broker does not offer the mechanism " + security.mechanism + ", but " +
                without_state(after_last(failure, offered)),
            "Give one of these: -X sasl.mechanism=NAME", Retry::useless};
  }
  if (contains(failure, "Disconnected") || !answered) {
    return {"login", Exit::no_permission, "the broker hung up during the login",
            "Check the mechanism (-X sasl.mechanism) and whether this port is one of a SASL "
            "listener; the broker's log says more",
            Retry::doubtful};
  }
  if (security.mechanism == "GSSAPI") return diagnose_kerberos(without_state(failure));
  const bool iam = security.mechanism == "AWS_MSK_IAM";
  if (iam || security.mechanism == "OAUTHBEARER") {
    return {"login", Exit::no_permission, without_state(failure),
            iam ? "Check the AWS keys, what their policy allows, and the region: -X aws.region"
                : "Check the token's issuer, audience and scope: -X sasl.oauthbearer.*",
            contains(failure, "no token available") ? Retry::helps : Retry::useless};
  }
  return {"login", Exit::no_permission, after_last(without_state(failure), "failed: "),
          "Check -X sasl.username, sasl.password and sasl.mechanism", Retry::useless};
}

/// A broker that does not like what it gets hangs up without a word: when tells what it disliked.
std::optional<Diagnosis> hung_up(const std::string& failure, const Security& security, bool shown) {
  if (contains(failure, "in state APIVERSION_QUERY") && !security.tls()) {
    return Diagnosis{"tls", Exit::config,
                     "the broker hung up at our first request: the port probably speaks TLS",
                     "Give -X security.protocol=" + with_tls(security) +
                         ", or the port of a listener without TLS",
                     Retry::doubtful};
  }
  if (contains(failure, "in state APIVERSION_QUERY") && shown) {
    return Diagnosis{
        "tls", Exit::no_permission,
        "the broker hung up after the handshake: it probably demands a certificate of ours",
        "Give one that its truststore knows: -X ssl.certificate.location=FILE "
        "-X ssl.key.location=FILE",
        Retry::doubtful};
  }
  if (contains(failure, "in state UP") && !security.sasl()) {
    return Diagnosis{"login", Exit::config,
                     "the broker hung up at our first request: the listener probably demands a "
                     "login",
                     "Give -X security.protocol=sasl_" +
                         std::string(security.tls() ? "ssl" : "plaintext") +
                         " with -X sasl.mechanism, sasl.username and sasl.password",
                     Retry::doubtful};
  }
  return std::nullopt;
}

}  // namespace

bool Security::tls() const {
  return contains(lower(protocol), "ssl");
}

bool Security::sasl() const {
  return contains(lower(protocol), "sasl");
}

Diagnosis diagnose_contact(const std::string& failure, const Security& security,
                           int certificate_error, bool shown, std::chrono::milliseconds timeout) {
  if (certificate_error != 0) return refused_certificate(certificate_error);
  if (contains(failure, "Failed to resolve")) return failed_name(failure, timeout);
  if (contains(failure, "in state CONNECT")) return failed_connect(failure, timeout);
  if (failure.empty() || contains(failure, "timed out in state"))
    return no_answer(security, shown, timeout);
  if (contains(failure, "Invalid response size ")) return foreign_answer(failure, security);
  const bool handshaking = contains(failure, "in state SSL_HANDSHAKE");
  if (contains(failure, "Disconnected") && !handshaking) {
    if (const auto diagnosis = hung_up(failure, security, shown)) return *diagnosis;
  }
  if (!handshaking && security.sasl() &&
      (contains(failure, "SASL") || contains(failure, "in state AUTH") ||
       contains(failure, "uthentication")))
    return failed_login(failure, security);
  // A broker that wants our certificate (TLS 1.3) says so after the handshake, by an alert.
  if (handshaking || contains(failure, "SSL") || contains(failure, "certificate"))
    return failed_handshake(failure, security);
  return {"api", Exit::unavailable, without_state(failure), "The broker's log says more"};
}

Diagnosis diagnose_name(std::optional<int> code, std::chrono::milliseconds timeout) {
  Diagnosis diagnosis{"resolve", Exit::unavailable, {}, {}};
  if (!code || *code == EAI_AGAIN) {
    diagnosis.cause = !code ? "no name server answered within " + duration_text(timeout.count())
                            : "no name server answered";
    diagnosis.remedy = "Check the network and /etc/resolv.conf of this machine";
  } else {
    const bool unknown = *code == EAI_NONAME || *code == EAI_NODATA;
    if (unknown) diagnosis.retry = Retry::useless;
    diagnosis.cause = unknown ? "no machine of that name is known" : ::gai_strerror(*code);
    diagnosis.remedy =
        "Check the spelling; an inner name of the brokers' network needs their DNS or /etc/hosts";
  }
  return diagnosis;
}

Diagnosis diagnose_connect(int error, std::chrono::milliseconds timeout) {
  Diagnosis diagnosis{"connect", Exit::unavailable, std::strerror(error), {}};
  switch (error) {
    case ECONNREFUSED:
      diagnosis.remedy = "Nothing listens there: check that the broker runs, and the port";
      break;
    case ETIMEDOUT:
      diagnosis.cause = "timed out after " + duration_text(timeout.count());
      diagnosis.remedy =
          "A firewall drops our packets, or the address is wrong: open the port for this machine";
      break;
    case EHOSTUNREACH:
    case ENETUNREACH:
      diagnosis.remedy = "There is no way to this network from here: check routes and VPN";
      break;
    case EACCES:
    case EPERM:
      diagnosis.remedy = "A firewall of this machine forbids it";
      break;
    default:
      diagnosis.remedy = "Check the address and the port";
  }
  return diagnosis;
}

std::string remedy_for_advertised(std::string_view host, bool here) {
  return is_loopback(host) && !here
             ? "advertised.listeners sends each client to its own machine: let it name an address "
               "that clients can reach, or use the listener for outside in -b"
             : "advertised.listeners sends clients there: let it name an address that they can "
               "reach, or use the listener for outside in -b";
}

}  // namespace kpipe
