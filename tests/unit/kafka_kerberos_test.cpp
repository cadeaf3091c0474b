// SPDX-License-Identifier: Apache-2.0
// The texts are those of librdkafka 2.15.1, Cyrus SASL 2.1.28 and MIT Kerberos 1.20.1, as they were
// seen.
#include <gtest/gtest.h>

#include <string>

#include "common/kafka/diagnosis.hpp"
#include "common/kafka/kerberos_diagnosis.hpp"
#include "common/kafka/kerberos_settings.hpp"

namespace kpipe {
namespace {

const std::string start =
    "Failed to initialize SASL authentication: SASL handshake failed (start (-1)): SASL(-1): "
    "generic failure: GSSAPI Error: ";
const std::string unspecified =
    "Unspecified GSS failure.  Minor code may provide more information ";
const std::string state = " (after 0ms in state AUTH_REQ)";

Diagnosis diagnose(const std::string& failure) {
  return diagnose_contact(failure, {"sasl_plaintext", "GSSAPI"}, 0, false,
                          std::chrono::milliseconds(3000));
}

TEST(Kerberos, tellsWhatTheLibrarySaysOfTickets) {
  const Diagnosis none =
      diagnose(start +
               "No credentials were supplied, or the credentials were unavailable or inaccessible "
               "(No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0))" +
               state);
  EXPECT_EQ(none.step, "login");
  EXPECT_EQ(none.exit, Exit::no_permission);
  EXPECT_EQ(
      none.cause,
      "there is no ticket (No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0))");
  EXPECT_EQ(none.retry, Retry::doubtful);
  EXPECT_EQ(diagnose(start + unspecified + "(Ticket expired)" + state).cause,
            "the ticket has expired (Ticket expired)");
  EXPECT_EQ(diagnose("SASL authentication error: SASL handshake failed (step): SASL(-1): generic "
                     "failure: GSSAPI Error: The referenced context has expired (Success) (after "
                     "32ms in state AUTH_REQ)")
                .cause,
            "the ticket has expired (The referenced context has expired)");
  const Diagnosis torn =
      diagnose(start +
               "No credentials were supplied, or the credentials were unavailable or inaccessible "
               "(No Kerberos credentials available: Unsupported credentials cache format version "
               "number (filename: /k/none))" +
               state);
  EXPECT_EQ(torn.exit, Exit::config);
  EXPECT_EQ(torn.retry, Retry::useless);
}

TEST(Kerberos, tellsABrokerThatIsNotKnownOrHasAnOldKey) {
  const Diagnosis unknown = diagnose(
      start + unspecified + "(Server kafka/127.0.0.1@R not found in Kerberos database)" + state);
  EXPECT_EQ(unknown.exit, Exit::no_permission);
  EXPECT_EQ(unknown.cause,
            "the KDC does not know the broker by this name (Server kafka/127.0.0.1@R not found in "
            "Kerberos database)");
  EXPECT_EQ(unknown.retry, Retry::useless);
  const Diagnosis old = diagnose(
      "SASL authentication error: Authentication failed during authentication due to invalid "
      "credentials with SASL mechanism GSSAPI (after 302ms in state AUTH_REQ)");
  EXPECT_EQ(old.exit, Exit::no_permission);
  EXPECT_TRUE(old.cause.starts_with("the broker does not take our ticket")) << old.cause;
}

TEST(Kerberos, tellsAMissingModuleByItsPackage) {
  const Diagnosis missing = diagnose(
      "Failed to initialize SASL authentication: SASL handshake failed (start (-4)): SASL(-4): no "
      "mechanism available: No worthy mechs found" +
      state);
  EXPECT_EQ(missing.exit, Exit::config);
  EXPECT_NE(missing.remedy.find("libsasl2-modules-gssapi-mit"), std::string::npos);
}

TEST(Kerberos, repeatsWhatItDoesNotKnow) {
  const Diagnosis other = diagnose(start + unspecified + "(KDC policy rejects request)" + state);
  EXPECT_EQ(other.exit, Exit::no_permission);
  EXPECT_EQ(other.cause, "KDC policy rejects request");
  EXPECT_EQ(other.retry, Retry::doubtful);
  EXPECT_EQ(diagnose(start + "odd" + state).cause, "odd");
}

TEST(Kerberos, blamesNoMechanismWhenTheBrokerHangsUp) {
  const Diagnosis gone = diagnose(
      "SASL GSSAPI mechanism handshake failed: Local: Broker transport failure: broker's supported "
      "mechanisms: (n/a) (after 0ms in state DOWN)");
  EXPECT_EQ(gone.cause, "the broker hung up during the login");
  EXPECT_EQ(gone.retry, Retry::doubtful);
}

TEST(Kerberos, tellsWhyKinitFailed) {
  const auto said = [](int status, const std::string& output) {
    const Error error = kinit_error("W", status, output);
    return std::to_string(static_cast<int>(error.exit())) + " " + error.what();
  };
  EXPECT_EQ(
      said(1, "kinit: Client's entry in database has expired while getting initial credentials\n"),
      "77 W: the KDC refuses the principal (Client's entry in database has expired). Check "
      "sasl.kerberos.principal, or ask the administrator of the KDC for it");
  EXPECT_TRUE(
      said(1, "kinit: Cannot contact any KDC for realm 'R' while getting initial credentials\n")
          .starts_with("69 W: no KDC answers (Cannot contact any KDC for realm 'R'). "));
  EXPECT_TRUE(
      said(127, "sh: 1: kinit: not found\n").starts_with("78 W: kinit is not installed here"));
  EXPECT_TRUE(said(1, "").starts_with("77 W: "));
}

TEST(Kerberos, quotesWhatTheShellWouldRead) {
  EXPECT_EQ(kinit_command("/a b/$k", "HOST$@R"), "kinit -k -t '/a b/$k' 'HOST$@R'");
  EXPECT_EQ(kinit_command("it's", "p;id"), "kinit -k -t 'it'\\''s' 'p;id'");
}

}  // namespace
}  // namespace kpipe
