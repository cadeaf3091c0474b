// SPDX-License-Identifier: Apache-2.0
// The events are those of librdkafka 2.15.1, as they were seen.
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "common/kafka/broker_watch.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

class BrokerWatchTest : public ::testing::Test {
 protected:
  static constexpr const char* refused_login =
      "SASL authentication error: Authentication failed: Invalid username or password (after 311ms "
      "in state AUTH_REQ)";

  /// An attempt at `host`:9092 that gets as far as `state`.
  void attempt(int id, const std::string& host, const std::string& state,
               const std::string& failure) {
    for (const std::string step : {"INIT", "TRY_CONNECT", "CONNECT"})
      watch.on_state(id, host, 9092, step);
    watch.on_state(id, host, 9092, state);
    const std::string name =
        "sasl_plaintext://" + host + ":9092/" + (id < 0 ? "bootstrap" : std::to_string(id));
    if (!failure.empty()) watch.on_failure("[thrd:" + name + "]: " + name + ": " + failure);
    watch.on_state(id, host, 9092, "DOWN");
  }

  void expect(const std::optional<Error>& error, Exit exit, const std::string& text) {
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->exit(), exit);
    EXPECT_EQ(std::string(error->what()).substr(0, text.size()), text);
  }

  BrokerWatch watch{"b:9092,a", {"sasl_plaintext", "PLAIN"}, milliseconds(3000)};
};

TEST_F(BrokerWatchTest, endsAtOnceWhenEveryBrokerRefusesForGood) {
  watch.on_state(-1, "a", 9092, "INIT");
  watch.on_state(-1, "b", 9092, "INIT");
  EXPECT_FALSE(watch.hopeless());
  attempt(-1, "a", "AUTH_REQ", refused_login);
  EXPECT_FALSE(watch.hopeless());  // b may take it
  attempt(-1, "b", "AUTH_REQ", refused_login);
  expect(watch.hopeless(), Exit::no_permission,
         "login: b:9092, a:9092: Invalid username or password. Check");
  EXPECT_EQ(watch.refused_logins(), 2u);
}

TEST_F(BrokerWatchTest, saysWhatEachBrokerSaid) {
  attempt(-1, "a", "CONNECT",
          "Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)");
  attempt(-1, "b", "AUTH_REQ", refused_login);
  EXPECT_FALSE(watch.hopeless());
  const Error silence = watch.silence();
  EXPECT_EQ(silence.exit(), Exit::no_permission);
  EXPECT_EQ(std::string(silence.what()),
            "login: b:9092: Invalid username or password; connect: a:9092: Connection refused. "
            "Check -X sasl.username, sasl.password and sasl.mechanism");
}

TEST_F(BrokerWatchTest, takesAHangUpForAnAnswerWhenItIsRepeated) {
  const std::string hung_up =
      "Disconnected: connection closed by peer: receive 0 after POLLIN (after 1ms in state "
      "APIVERSION_QUERY)";
  attempt(-1, "a", "APIVERSION_QUERY", hung_up);
  attempt(-1, "a", "APIVERSION_QUERY", hung_up);
  EXPECT_FALSE(watch.hopeless());
  attempt(-1, "a", "APIVERSION_QUERY", "");  // librdkafka does not repeat itself
  expect(watch.hopeless(), Exit::config, "tls: a:9092: the broker hung up");
}

TEST_F(BrokerWatchTest, leavesTheListedBrokersOnceTheClusterHasToldItsOwn) {
  attempt(-1, "a", "AUTH_REQ", refused_login);
  watch.on_state(-1, "b", 9092, "UP");
  EXPECT_TRUE(watch.connected());
  EXPECT_FALSE(watch.served());
  watch.on_state(1, "inner", 9092, "INIT");
  watch.on_state(-1, "b", 9092, "DOWN");
  EXPECT_FALSE(watch.hopeless());
  attempt(1, "inner", "CONNECT",
          "Failed to resolve 'inner:9092': Name or service not known (after 1ms in state CONNECT)");
  expect(watch.hopeless(), Exit::unavailable,
         "advertised: broker 1 at inner:9092: no machine of that name is known. "
         "advertised.listeners sends");
  watch.on_state(1, "inner", 9092, "UP");
  EXPECT_TRUE(watch.served());
  EXPECT_FALSE(watch.hopeless());
  EXPECT_FALSE(watch.failure());
}

TEST_F(BrokerWatchTest, blamesNoAddressAtWhichABrokerHasBeenReached) {
  watch.on_state(1, "inner", 9092, "UP");
  watch.on_state(2, "other", 9092, "INIT");
  const std::string refused =
      "Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)";
  attempt(1, "inner", "CONNECT", refused);
  expect(watch.failure(), Exit::unavailable,
         "connect: broker 1 at inner:9092: Connection refused. Nothing listens there");
  attempt(2, "other", "CONNECT", refused);
  expect(watch.failure(), Exit::unavailable,
         "connect: broker 1 at inner:9092: Connection refused; advertised: broker 2 at other:9092");
  // The others are not waited for.
  watch.on_state(3, "third", 9092, "TRY_CONNECT");
  watch.on_state(3, "third", 9092, "DOWN");
  EXPECT_STREQ(watch.silence().what(), watch.failure()->what());
}

TEST_F(BrokerWatchTest, tellsWhereItWasStillWaiting) {
  watch.on_state(-1, "a", 9092, "INIT");
  for (const char* const state : {"INIT", "TRY_CONNECT", "CONNECT"})
    watch.on_state(-1, "b", 9092, state);
  expect(watch.silence(), Exit::unavailable, "connect: b:9092: timed out after 3s. A firewall");
  watch.on_state(-1, "b", 9092, "APIVERSION_QUERY");
  expect(watch.silence(), Exit::unavailable,
         "login: b:9092: the port takes connections, but nobody answered within 3s");
}

TEST_F(BrokerWatchTest, keepsWhatIsSaidOfTheCoordinatorWithItsBroker) {
  watch.on_state(2, "::1", 9092, "INIT");
  watch.on_failure(
      "[thrd:GroupCoordinator]: GroupCoordinator: ::1:9092: Connect to ipv6#[::1]:9092 failed: "
      "Connection refused (after 0ms in state CONNECT)");
  expect(watch.failure(), Exit::unavailable,
         "advertised: broker 2 at [::1]:9092: Connection refused. ");
  watch.on_state(-1, "GroupCoordinator", 0, "UP");
  EXPECT_TRUE(watch.served());
  EXPECT_FALSE(watch.failure());
}

TEST(BrokerWatchCertificate, isNamedWhereItIsTheCause) {
  BrokerWatch tls("localhost:9093", {"ssl", ""}, milliseconds(3000));
  tls.on_state(-1, "localhost", 9093, "SSL_HANDSHAKE");
  tls.on_certificate("ssl://localhost:9093/bootstrap", -1, X509_V_ERR_CERT_HAS_EXPIRED);
  tls.on_failure(
      "[thrd:ssl://localhost:9093/bootstrap]: ssl://localhost:9093/bootstrap: SSL handshake "
      "failed: error:0A000086:SSL routines::certificate verify failed (after 1ms in state "
      "SSL_HANDSHAKE)");
  const auto error = tls.hopeless();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->exit(), Exit::no_permission);
  EXPECT_NE(std::string(error->what()).find("tls: localhost:9093: the certificate has expired"),
            std::string::npos);
}

TEST(BrokerWatchOthers, areWithinLibrdkafka) {
  BrokerWatch watch("a", {"plaintext", ""}, milliseconds(3000));
  watch.on_state(-1, "", 0, "UP");
  watch.on_failure("1/1 brokers are down");
  watch.on_failure("[thrd:app]: rdkafka#consumer-1: something else");
  EXPECT_FALSE(watch.connected());
  EXPECT_FALSE(watch.hopeless());
  EXPECT_EQ(std::string(watch.silence().what()),
            "no answer within 3s. A slow broker needs a longer --timeout");
}

}  // namespace
}  // namespace kpipe
