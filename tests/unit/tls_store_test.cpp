// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/tls/pem.hpp"
#include "common/tls/store.hpp"
#include "tests/unit/tls_files.hpp"

namespace kpipe::tls {
namespace {

const Secret right("changeit");
const Secret wrong("wrong");

std::string trust_fault(Fault::Kind kind, const std::string& file, const Secret& password) {
  return fault_of(kind, [&] { read_truststore(tls_file(file), password); });
}
std::string key_fault(Fault::Kind kind, const std::string& file, const StorePasswords& passwords) {
  return fault_of(kind, [&] { read_keystore(tls_file(file), passwords); });
}

TEST(TlsStore, TellsKindsByTheirFirstBytes) {
  EXPECT_EQ(store_kind(tls_file("trust.jks")), StoreKind::jks);
  EXPECT_EQ(store_kind(tls_file("trust.p12")), StoreKind::pkcs12);
  EXPECT_EQ(store_kind(tls_file("ca.pem")), StoreKind::pem);
  const auto refused = [](const std::string& bytes) {
    return fault_of(Fault::Kind::format, [&] { store_kind(bytes); });
  };
  EXPECT_TRUE(refused(tls_file("trust.jceks")).starts_with("it is a JCEKS store"));
  EXPECT_TRUE(refused(tls_file("ca.der")).starts_with("it is a certificate in DER, not PEM"));
  EXPECT_EQ(refused(""), "it is empty");
  EXPECT_EQ(refused("hello"), "it is neither JKS, PKCS12 nor PEM");
}

TEST(TlsStore, KnowsJavasNamesOfTheKinds) {
  for (const StoreKind kind : {StoreKind::jks, StoreKind::pkcs12, StoreKind::pem})
    EXPECT_EQ(parse_store_kind(store_kind_name(kind)), kind);
  EXPECT_EQ(parse_store_kind("pkcs12"), StoreKind::pkcs12);
  EXPECT_FALSE(parse_store_kind("P12").has_value());
  EXPECT_FALSE(parse_store_kind("").has_value());
}

TEST(TlsStore, TrustsTheSameInEveryKindOfTruststore) {
  const std::vector<std::string> ca = read_pem_certificates(tls_file("ca.pem"));
  for (const char* const file :
       {"trust.jks", "trust.p12", "openssl-trust.p12", "both.jks", "no-mac.p12", "cacerts.p12"})
    EXPECT_EQ(read_truststore(tls_file(file), right), ca) << file;
  EXPECT_EQ(read_truststore(tls_file("cacerts.p12"), {}), ca);
  EXPECT_EQ(read_truststore(tls_file("ca.pem"), {}), ca);
  // Java takes it, unchecked.
  EXPECT_EQ(read_truststore(tls_file("trust.jks"), {}), ca);
  // All but the key's own.
  EXPECT_EQ(read_truststore(tls_file("client.p12"), right), ca);
}

TEST(TlsStore, AWrongPasswordOfATruststoreIsNamed) {
  EXPECT_EQ(trust_fault(Fault::Kind::store_password, "trust.jks", wrong),
            "the password is wrong, or the store was changed without it");
  for (const char* const file : {"trust.p12", "openssl-trust.p12", "no-mac.p12", "legacy.p12"}) {
    EXPECT_EQ(trust_fault(Fault::Kind::store_password, file, wrong), "the password is wrong")
        << file;
    EXPECT_EQ(trust_fault(Fault::Kind::store_password, file, {}),
              "it is encrypted, and there is no password")
        << file;
  }
}

TEST(TlsStore, ATruststoreWithNothingToTrustIsRefused) {
  const std::string nothing = "there is no trusted certificate in it. ";
  EXPECT_TRUE(trust_fault(Fault::Kind::format, "empty.jks", right).starts_with(nothing));
  EXPECT_TRUE(trust_fault(Fault::Kind::format, "client.jks", right).starts_with(nothing));
}

TEST(TlsStore, ATornPkcs12IsRefused) {
  const std::string store = tls_file("trust.p12");
  for (std::size_t size = 1; size < store.size(); size += 7) {
    EXPECT_EQ(fault_of(Fault::Kind::format,
                       [&] { read_truststore(std::string_view(store).substr(0, size), right); }),
              "it is torn, or no PKCS#12 store");
  }
}

TEST(TlsStore, ASpoiltPkcs12IsRefusedOrOpens) {
  const std::string good = tls_file("openssl-trust.p12");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); at += 5) {
    std::string store = good;
    store[at] = static_cast<char>(store[at] ^ 0x11);
    try {
      EXPECT_FALSE(read_truststore(store, right).empty());
    } catch (const Fault& fault) {
      EXPECT_STRNE(fault.what(), "");
      ++refused;
    }
  }
  // All but a few that stand for nothing.
  EXPECT_GT(refused, good.size() / 5 * 9 / 10);
}

TEST(TlsStore, AnEntryThatIsNoCertificateIsRefused) {
  const std::string store("\xFE\xED\xFE\xED\0\0\0\1\0\0\0\1\0\0\0\2\0\1a\0\0\0\0\0\0\0\0\0\0\0\2DE",
                          33);
  EXPECT_EQ(
      fault_of(Fault::Kind::format, [&] { read_truststore(store + std::string(20, 'd'), {}); }),
      "an entry in it is no X.509 certificate");
}

TEST(TlsStore, FindsOurKeyInEveryKindOfKeystore) {
  const Secret key = read_pem_key(tls_file("client.key"), {});
  const std::vector<std::string> chain = read_pem_certificates(tls_file("chain.pem"));
  const auto expect = [&](const Identity& identity, const std::string& name) {
    EXPECT_EQ(identity.chain, chain) << name;
    EXPECT_EQ(identity.keys, 1U) << name;
    // Java writes the same key with other parameters; one form tells.
    EXPECT_EQ(read_pem_key(write_pem_key(identity.key).reveal(), {}).reveal(), key.reveal())
        << name;
  };
  for (const char* const file : {"client.jks", "client.p12", "java.p12", "legacy.p12", "both.jks"})
    expect(read_keystore(tls_file(file), {right, {}}), file);
  expect(read_keystore(tls_file("two-passwords.jks"), {right, Secret("keypass")}), "two passwords");
  expect(read_keystore(tls_file("no-password.p12"), {}), "no password");
  expect(read_keystore(tls_file("client.p8.key") + tls_file("chain.pem"), {{}, right}), "PEM");
}

TEST(TlsStore, EachPasswordOfAKeystoreIsNamed) {
  EXPECT_EQ(key_fault(Fault::Kind::store_password, "client.jks", {wrong, {}}),
            "the password is wrong, or the store was changed without it");
  EXPECT_EQ(key_fault(Fault::Kind::store_password, "client.jks", {}),
            "the key in it is encrypted, and there is no password");
  EXPECT_EQ(key_fault(Fault::Kind::store_password, "client.p12", {wrong, {}}),
            "the password is wrong");
  EXPECT_EQ(key_fault(Fault::Kind::key_password, "two-passwords.jks", {right, {}}),
            "the password of the key is wrong");
  EXPECT_EQ(key_fault(Fault::Kind::key_password, "client.jks", {right, wrong}),
            "the password of the key is wrong");
}

TEST(TlsStore, AKeystoreWithoutAKeyIsRefused) {
  const std::string no_key = "there is no private key in it";
  for (const char* const file : {"trust.jks", "trust.p12", "empty.jks", "ca.pem"})
    EXPECT_TRUE(key_fault(Fault::Kind::format, file, {right, {}}).starts_with(no_key)) << file;
  EXPECT_EQ(key_fault(Fault::Kind::format, "client.key", {}), "there is no certificate in it");
}

}  // namespace
}  // namespace kpipe::tls
