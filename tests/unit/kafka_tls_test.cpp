// SPDX-License-Identifier: Apache-2.0
// What ClientConfig makes of the properties of TLS. The files are those of tls_files/make.
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/tls/pem.hpp"
#include "tests/unit/tls_files.hpp"

namespace kpipe {
namespace {

using tls::tls_file;
using tls::tls_path;

ConnectionOptions with(std::vector<std::string> properties) {
  ::setenv("KPIPE_TEST_CHANGEIT", "changeit", 1);
  ::setenv("KPIPE_TEST_WRONG", "wrong", 1);
  ConnectionOptions options;
  options.bootstrap_servers = "127.0.0.1:1";
  options.properties = std::move(properties);
  options.properties.push_back("security.protocol=SSL");
  return options;
}

std::string made_of(const std::string& property, std::vector<std::string> properties) {
  return ClientConfig("test", with(std::move(properties))).property(property);
}

std::string refusal_of(std::vector<std::string> properties) {
  try {
    const ClientConfig config("test", with(std::move(properties)));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::config) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

std::string property(const std::string& name, const std::string& file) {
  return name + "=" + tls_path(file);
}

const std::string store_password = "ssl.keystore.password=env:KPIPE_TEST_CHANGEIT";
const std::string trust_password = "ssl.truststore.password=env:KPIPE_TEST_CHANGEIT";

TEST(KafkaTls, HandsLibrdkafkaWhatIsInTheStores) {
  const std::vector<std::string> jks{
      property("ssl.keystore.location", "client.jks"), store_password,
      property("ssl.truststore.location", "trust.jks"), trust_password};
  EXPECT_EQ(made_of("ssl.ca.pem", jks), tls_file("ca.pem"));
  EXPECT_EQ(made_of("ssl.certificate.pem", jks), tls_file("chain.pem"));
  EXPECT_EQ(tls::read_pem_key(made_of("ssl.key.pem", jks), {}).reveal().size(),
            tls::read_pem_key(tls_file("client.key"), {}).reveal().size());
  // And it takes them.
  const Client client(ClientConfig("test", with(jks)), RD_KAFKA_PRODUCER);
}

TEST(KafkaTls, TrustsAllThatIsNamed) {
  EXPECT_EQ(made_of("ssl.ca.location", {property("ssl.ca.location", "other.pem"),
                                        property("ssl.truststore.location", "trust.jks")}),
            tls_path("other.pem"));
  EXPECT_EQ(made_of("ssl.ca.pem", {"ssl.ca.pem=" + tls_file("other.pem"),
                                   property("ssl.truststore.location", "trust.jks")}),
            tls_file("other.pem") + tls_file("ca.pem"));
  EXPECT_EQ(made_of("ssl.ca.pem", {}), "");
  EXPECT_EQ(made_of("ssl.ca.location", {"ssl.ca.location=/"}), "/");
  EXPECT_EQ(made_of("ssl.ca.location", {"ssl.ca.location=probe"}), "probe");
}

TEST(KafkaTls, TakesPemFromAnyValue) {
  EXPECT_EQ(made_of("ssl.ca.pem", {"ssl.ca.location=" + tls_file("ca.pem")}), tls_file("ca.pem"));
  ::setenv("KPIPE_TEST_KEY", tls_file("client.key").c_str(), 1);
  EXPECT_EQ(
      made_of("ssl.certificate.pem", {"ssl.keystore.certificate.chain=" + tls_file("chain.pem"),
                                      "ssl.keystore.key=env:KPIPE_TEST_KEY"}),
      tls_file("chain.pem"));
  std::string one_line = tls_file("ca.pem");
  for (std::size_t at = 0; (at = one_line.find('\n', at)) != std::string::npos;)
    one_line.replace(at, 1, "\\n");
  EXPECT_EQ(made_of("ssl.ca.pem", {"ssl.ca.pem=" + one_line}), tls_file("ca.pem"));
}

TEST(KafkaTls, LooksAtNoFileWithoutTls) {
  ConnectionOptions options =
      with({"ssl.ca.location=/nosuch.pem", "ssl.keystore.location=/nosuch"});
  options.properties.back() = "security.protocol=PLAINTEXT";
  const ClientConfig config("test", options);
  EXPECT_EQ(config.property("ssl.ca.location"), "");
}

TEST(KafkaTls, NamesAreHeldUnlessTurnedOff) {
  const std::string name = "ssl.endpoint.identification.algorithm";
  EXPECT_EQ(made_of(name, {}), "https");
  EXPECT_EQ(made_of(name, {name + "=HTTPS"}), "https");
  EXPECT_EQ(made_of(name, {name + "=none"}), "none");
  EXPECT_EQ(made_of(name, {name + "="}), "none");
  EXPECT_EQ(refusal_of({name + "=yes"}), "-X: " + name + ": expected https or none");
}

TEST(KafkaTls, SaysWhichPropertyOfWhichOriginNamedTheFile) {
  EXPECT_EQ(refusal_of({"ssl.ca.location=/nosuch.pem"}),
            "-X: ssl.ca.location: /nosuch.pem: No such file or directory");
  ConnectionOptions options = with({});
  options.configured = {{"ssl.truststore.location", "/nosuch.jks", "/etc/kpipe/config.toml:7"}};
  try {
    const ClientConfig config("test", options);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "/etc/kpipe/config.toml:7: ssl.truststore.location: /nosuch.jks: No such file or "
                 "directory");
  }
}

TEST(KafkaTls, SendsAStoreToThePropertyThatTakesIt) {
  EXPECT_EQ(refusal_of({property("ssl.ca.location", "trust.jks")}),
            "-X: ssl.ca.location: " + tls_path("trust.jks") +
                ": it is not PEM, but JKS. Give it as ssl.truststore.location");
  EXPECT_EQ(refusal_of({property("ssl.certificate.location", "client.p12"),
                        property("ssl.key.location", "client.key")}),
            "-X: ssl.certificate.location: " + tls_path("client.p12") +
                ": it is not PEM, but PKCS12. Give it as ssl.keystore.location");
}

TEST(KafkaTls, WhatIsNoCertificateIsRefused) {
  EXPECT_EQ(refusal_of({"ssl.ca.pem=-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"}),
            "-X: ssl.ca.pem: what it holds is no X.509 certificate");
}

TEST(KafkaTls, APasswordIsAskedForByItsProperty) {
  const std::string trust = property("ssl.truststore.location", "trust.p12");
  const std::string where = "-X: ssl.truststore.location: " + tls_path("trust.p12") + ": ";
  EXPECT_EQ(refusal_of({trust, "ssl.truststore.password=env:KPIPE_TEST_WRONG"}),
            where + "the password is wrong. Check ssl.truststore.password (-X)");
  EXPECT_EQ(refusal_of({trust}), where +
                                     "it is encrypted, and there is no password. Give "
                                     "ssl.truststore.password=file:PATH or env:NAME");
  EXPECT_EQ(refusal_of({property("ssl.certificate.location", "client.pem"),
                        property("ssl.key.location", "client.enc.key")}),
            "-X: ssl.key.location: " + tls_path("client.enc.key") +
                ": the key is encrypted, and there is no password. Give "
                "ssl.key.password=file:PATH or env:NAME");
  EXPECT_EQ(refusal_of({property("ssl.keystore.location", "two-passwords.jks"), store_password,
                        "ssl.key.password=env:KPIPE_TEST_WRONG"}),
            "-X: ssl.keystore.location: " + tls_path("two-passwords.jks") +
                ": the password of the key is wrong. Check ssl.key.password (-X)");
}

TEST(KafkaTls, ADeclaredTypeMustBeOne) {
  EXPECT_EQ(refusal_of({property("ssl.truststore.location", "trust.jks"), trust_password,
                        "ssl.truststore.type=P12"}),
            "-X: ssl.truststore.type: expected JKS, PKCS12 or PEM");
  // Said, and read as what it is.
  testing::internal::CaptureStderr();
  EXPECT_EQ(made_of("ssl.ca.pem", {property("ssl.truststore.location", "trust.p12"), trust_password,
                                   "ssl.truststore.type=JKS"}),
            tls_file("ca.pem"));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("it is PKCS12, not JKS as -X: "
                                                        "ssl.truststore.type says"),
            std::string::npos);
}

TEST(KafkaTls, CertificateAndKeyBelongTogether) {
  const std::string certificate = property("ssl.certificate.location", "client.pem");
  EXPECT_EQ(refusal_of({certificate, property("ssl.key.location", "stranger.key")}),
            "-X: ssl.key.location: " + tls_path("stranger.key") +
                ": the key does not match the certificate of ssl.certificate.location (-X). Give "
                "the key that the certificate was made for");
  EXPECT_TRUE(
      refusal_of({certificate})
          .starts_with("-X: ssl.certificate.location: there is no key for the certificate"));
  EXPECT_TRUE(refusal_of({property("ssl.key.location", "client.key")})
                  .starts_with("-X: ssl.key.location: there is no certificate for the key"));
  EXPECT_EQ(refusal_of({certificate, property("ssl.keystore.location", "client.jks")}),
            "-X: ssl.certificate.location: a second certificate, besides -X: "
            "ssl.keystore.location. Give one of them");
}

}  // namespace
}  // namespace kpipe
