// SPDX-License-Identifier: Apache-2.0
// The texts are those of librdkafka 2.15.1 and Kafka 4.3.0, as they were seen.
#include <gtest/gtest.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>

#include <cerrno>

#include "common/kafka/diagnosis.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

const Security plaintext{"plaintext", "GSSAPI"};
const Security tls{"SSL", "GSSAPI"};
const Security sasl{"sasl_plaintext", "PLAIN"};
const Security sasl_tls{"sasl_ssl", "SCRAM-SHA-512"};

Diagnosis diagnose(const std::string& failure, const Security& security, bool shown = false) {
  return diagnose_contact(failure, security, 0, shown, milliseconds(3000));
}

void expect(const Diagnosis& diagnosis, const std::string& step, Exit exit,
            const std::string& cause, const std::string& remedy) {
  EXPECT_EQ(diagnosis.step, step);
  EXPECT_EQ(diagnosis.exit, exit);
  EXPECT_NE(diagnosis.cause.find(cause), std::string::npos) << diagnosis.cause;
  EXPECT_NE(diagnosis.remedy.find(remedy), std::string::npos) << diagnosis.remedy;
}

TEST(KafkaDiagnosis, tellsAWrongPassword) {
  expect(diagnose("SASL authentication error: SASL authentication failed: Authentication failed: "
                  "Invalid username or password (after 301ms in state AUTH_REQ)",
                  sasl),
         "login", Exit::no_permission, "Invalid username or password", "sasl.password");
}

TEST(KafkaDiagnosis, namesTheMechanismsThatTheBrokerOffers) {
  const Diagnosis diagnosis = diagnose(
      "SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's "
      "supported mechanisms: PLAIN,SCRAM-SHA-256 (after 0ms in state AUTH_HANDSHAKE)",
      sasl_tls, true);
  expect(diagnosis, "login", Exit::no_permission, "SCRAM-SHA-512, but PLAIN,SCRAM-SHA-256",
         "sasl.mechanism");
  EXPECT_EQ(diagnosis.cause.find("after"), std::string::npos);
}

TEST(KafkaDiagnosis, tellsAListenerWithoutLogins) {
  expect(
      diagnose("SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL "
               "state: broker's supported mechanisms:  (after 1ms in state AUTH_HANDSHAKE)",
               sasl),
      "login", Exit::config, "knows no logins", "security.protocol=plaintext");
}

TEST(KafkaDiagnosis, tellsAListenerThatDemandsALogin) {
  expect(diagnose("Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in "
                  "state UP)",
                  plaintext),
         "login", Exit::config, "demands a login", "security.protocol=sasl_plaintext");
  expect(diagnose("Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in "
                  "state UP)",
                  tls, true),
         "login", Exit::config, "demands a login", "security.protocol=sasl_ssl");
}

TEST(KafkaDiagnosis, tellsATlsPortFromAPlainOne) {
  for (const char* const text :
       {"Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in state "
        "APIVERSION_QUERY)",
        "Invalid response size 352518400 (0..100000000): increase receive.message.max.bytes (after "
        "1ms in state APIVERSION_QUERY)"}) {
    expect(diagnose(text, plaintext), "tls", Exit::config, "speaks TLS", "security.protocol=ssl");
    expect(diagnose(text, sasl), "tls", Exit::config, "speaks TLS", "security.protocol=sasl_ssl");
  }
}

TEST(KafkaDiagnosis, isNotMisledByLibrdkafkasOwnGuesses) {
  expect(diagnose("Disconnected: requesting ApiVersion: might be caused by incorrect "
                  "security.protocol configuration (connecting to a SSL listener?) or broker "
                  "version is < 0.10 (see api.version.request) (after 1ms in state "
                  "APIVERSION_QUERY)",
                  plaintext),
         "tls", Exit::config, "speaks TLS", "security.protocol=ssl");
  expect(diagnose("SSL handshake failed: error:0A0000F4:SSL routines::unexpected message: client "
                  "SSL authentication might be required (see ssl.key.location and "
                  "ssl.certificate.location and consult the broker logs for more information) "
                  "(after 1ms in state SSL_HANDSHAKE)",
                  sasl_tls),
         "tls", Exit::no_permission, "SSL authentication", "ssl.certificate.location");
}

TEST(KafkaDiagnosis, tellsAPlainPortFromATlsOne) {
  for (const char* const text :
       {"SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 2ms "
        "in state SSL_HANDSHAKE)",
        "SSL handshake failed: error:0A00010B:SSL routines::wrong version number (after 2ms in "
        "state SSL_HANDSHAKE)"}) {
    expect(diagnose(text, tls), "tls", Exit::config, "does not speak TLS",
           "security.protocol=plaintext");
    expect(diagnose(text, sasl_tls), "tls", Exit::config, "does not speak TLS",
           "security.protocol=sasl_plaintext");
  }
}

TEST(KafkaDiagnosis, tellsABrokerThatDemandsOurCertificate) {
  expect(diagnose("Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: "
                  "SSL alert number 116 (after 1ms in state APIVERSION_QUERY)",
                  tls, true),
         "tls", Exit::no_permission, "certificate", "ssl.certificate.location");
}

TEST(KafkaDiagnosis, tellsTlsVersionsThatDoNotMeet) {
  expect(
      diagnose("SSL handshake failed: error:0A00042E:SSL routines::tlsv1 alert protocol version: "
               "SSL alert number 70 (after 1ms in state SSL_HANDSHAKE)",
               tls),
      "tls", Exit::no_permission, "version", "ssl.enabled.protocols");
}

TEST(KafkaDiagnosis, saysWhyACertificateIsRefused) {
  struct Case {
    int error;
    const char* cause;
    const char* remedy;
  };
  for (const Case& one :
       {Case{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "not trusted here", "ssl.ca.location"},
        Case{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "not trusted here", "ssl.ca.location"},
        Case{X509_V_ERR_CERT_HAS_EXPIRED, "expired", "Renew"},
        Case{X509_V_ERR_CERT_NOT_YET_VALID, "not valid yet", "clock"},
        Case{X509_V_ERR_HOSTNAME_MISMATCH, "other names", "-b"},
        Case{X509_V_ERR_IP_ADDRESS_MISMATCH, "other names", "-b"}}) {
    const Diagnosis diagnosis = diagnose_contact(
        "SSL handshake failed: error:0A000086:SSL routines::certificate verify "
        "failed (after 1ms in state SSL_HANDSHAKE)",
        tls, one.error, true, milliseconds(3000));
    expect(diagnosis, "tls", Exit::no_permission, one.cause, one.remedy);
  }
}

TEST(KafkaDiagnosis, findsTheStepThatGotNoAnswer) {
  expect(diagnose("", plaintext), "api", Exit::unavailable, "within 3s", "Kafka's port");
  expect(diagnose("", sasl), "login", Exit::unavailable, "within 3s", "--timeout");
  expect(diagnose("", sasl_tls), "tls", Exit::unavailable, "within 3s", "Kafka's port");
  expect(diagnose("", sasl_tls, true), "login", Exit::unavailable, "within 3s", "Kafka's port");
  expect(diagnose("Connection setup timed out in state APIVERSION_QUERY (after 29ms in state "
                  "APIVERSION_QUERY)",
                  plaintext),
         "api", Exit::unavailable, "within 3s", "Kafka's port");
}

TEST(KafkaDiagnosis, knowsHttpWhenItSeesIt) {
  expect(diagnose("Invalid response size 1213486160 (0..100000000): increase "
                  "receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)",
                  plaintext),
         "api", Exit::config, "HTTP", "Kafka listener");
}

TEST(KafkaDiagnosis, tellsRefusedFromDroppedAndUnreachable) {
  expect(diagnose_connect(ECONNREFUSED, milliseconds(3000)), "connect", Exit::unavailable,
         "Connection refused", "Nothing listens");
  expect(diagnose_connect(ETIMEDOUT, milliseconds(3000)), "connect", Exit::unavailable,
         "timed out after 3s", "firewall");
  expect(diagnose_connect(ENETUNREACH, milliseconds(3000)), "connect", Exit::unavailable,
         "unreachable", "routes");
}

TEST(KafkaDiagnosis, tellsUnknownNamesFromSilentNameServers) {
  expect(diagnose_name(EAI_NONAME, milliseconds(3000)), "resolve", Exit::unavailable,
         "no machine of that name", "spelling");
  expect(diagnose_name(EAI_AGAIN, milliseconds(3000)), "resolve", Exit::unavailable,
         "no name server", "resolv.conf");
  expect(diagnose_name(std::nullopt, milliseconds(3000)), "resolve", Exit::unavailable, "within 3s",
         "resolv.conf");
}

TEST(KafkaDiagnosis, readsTheSystemsOwnWordsForNamesAndConnections) {
  expect(diagnose("Failed to resolve 'kafka.example:9092': Name or service not known (after 1ms in "
                  "state CONNECT)",
                  plaintext),
         "resolve", Exit::unavailable, "no machine of that name", "spelling");
  expect(diagnose("Failed to resolve 'kafka.example:9092': Temporary failure in name resolution "
                  "(after 1ms in state CONNECT)",
                  plaintext),
         "resolve", Exit::unavailable, "no name server", "resolv.conf");
  expect(diagnose("Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state "
                  "CONNECT, 1 identical error(s) suppressed)",
                  plaintext),
         "connect", Exit::unavailable, "Connection refused", "Nothing listens");
  expect(diagnose("Connection setup timed out in state CONNECT (after 3000ms in state CONNECT)",
                  plaintext),
         "connect", Exit::unavailable, "timed out after 3s", "firewall");
}

TEST(KafkaDiagnosis, knowsWhenAnotherAttemptCannotHelp) {
  struct Case {
    const char* failure;
    Security security;
    Retry retry;
  };
  for (const Case& one :
       {Case{
            "SASL authentication error: Authentication failed: Invalid username or password (after "
            "301ms in state AUTH_REQ)",
            sasl, Retry::useless},
        Case{"SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL "
             "state: broker's supported mechanisms:  (after 1ms in state AUTH_HANDSHAKE)",
             sasl, Retry::useless},
        Case{"Failed to resolve 'a:1': Name or service not known (after 1ms in state CONNECT)",
             plaintext, Retry::useless},
        Case{"Failed to resolve 'a:1': Temporary failure in name resolution (after 1ms in state "
             "CONNECT)",
             plaintext, Retry::helps},
        Case{"Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)",
             plaintext, Retry::helps},
        Case{"Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in state "
             "APIVERSION_QUERY)",
             plaintext, Retry::doubtful},
        Case{"Disconnected: SSL connection closed by peer (after 7ms in state SSL_HANDSHAKE)", tls,
             Retry::doubtful},
        Case{"", tls, Retry::helps}}) {
    EXPECT_EQ(diagnose(one.failure, one.security).retry, one.retry) << one.failure;
  }
}

}  // namespace
}  // namespace kpipe
