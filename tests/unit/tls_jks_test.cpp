// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/tls/jks.hpp"
#include "common/tls/pem.hpp"
#include "tests/unit/tls_files.hpp"

namespace kpipe::tls {
namespace {

TEST(TlsJks, ReadsKeysAndTrustedCertificatesOfKeytool) {
  const std::vector<JksEntry> entries = parse_jks(tls_file("both.jks"));
  ASSERT_EQ(entries.size(), 2U);
  const JksEntry& key = entries[entries[0].is_key ? 0 : 1];
  const JksEntry& trusted = entries[entries[0].is_key ? 1 : 0];
  EXPECT_EQ(key.alias, "client");
  EXPECT_EQ(key.certificates, read_pem_certificates(tls_file("chain.pem")));
  EXPECT_EQ(trusted.alias, "ca");
  EXPECT_FALSE(trusted.is_key);
  EXPECT_EQ(trusted.types, std::vector<std::string>{"X.509"});
  EXPECT_EQ(trusted.certificates, read_pem_certificates(tls_file("ca.pem")));
  EXPECT_TRUE(parse_jks(tls_file("empty.jks")).empty());
}

TEST(TlsJks, ThePasswordClosesTheStore) {
  std::string store = tls_file("trust.jks");
  EXPECT_TRUE(jks_is_closed_with(store, Secret("changeit")));
  EXPECT_FALSE(jks_is_closed_with(store, Secret("changeIt")));
  EXPECT_FALSE(jks_is_closed_with(store, Secret("")));
  store[store.size() - 30] ^= 1;
  EXPECT_FALSE(jks_is_closed_with(store, Secret("changeit")));
}

TEST(TlsJks, APasswordIsCountedInJavasChars) {
  const std::string store = tls_file("unicode.jks");
  EXPECT_TRUE(jks_is_closed_with(store, Secret("pässwört€😀")));
  EXPECT_FALSE(jks_is_closed_with(store, Secret("pässwört€")));
  for (const char* const bad :
       {"p\xE4sswort", "\x80", "\xC0\x80", "a\xE2\x82", "\xF5\x80\x80\x80"}) {
    EXPECT_EQ(
        fault_of(Fault::Kind::store_password, [&] { jks_is_closed_with(store, Secret(bad)); }),
        "the password is not UTF-8");
  }
}

TEST(TlsJks, OpensTheKeyWithItsOwnPassword) {
  const auto open = [](const char* file, const char* password) {
    return open_jks_key(parse_jks(tls_file(file)).front().protected_key, Secret(password));
  };
  const Secret plain = read_pem_key(tls_file("client.key"), {});
  EXPECT_EQ(read_pem_key(write_pem_key(open("client.jks", "changeit")).reveal(), {}).reveal(),
            plain.reveal());
  EXPECT_EQ(read_pem_key(write_pem_key(open("two-passwords.jks", "keypass")).reveal(), {}).reveal(),
            plain.reveal());
  EXPECT_EQ(fault_of(Fault::Kind::key_password, [&] { open("two-passwords.jks", "changeit"); }),
            "the password of the key is wrong");
}

TEST(TlsJks, AKeyInAnotherProtectionIsNamed) {
  // A PKCS#8 key as others encrypt it (PBES2), in the place of Sun's.
  EXPECT_EQ(
      fault_of(Fault::Kind::format, [&] { open_jks_key("no DER", Secret("x")); }).substr(0, 38),
      "the private key in it cannot be read (");
  const std::string pbes2(
      "\x30\x1A\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D\x30\x00\x04\x09"
      "123456789",
      28);
  EXPECT_EQ(fault_of(Fault::Kind::format, [&] { open_jks_key(pbes2, Secret("x")); }),
            "the private key in it is protected in a way that only Java knows "
            "(1.2.840.113549.1.5.13)");
}

TEST(TlsJks, EveryTornStoreIsRefused) {
  const std::string store = tls_file("both.jks");
  for (std::size_t size = 0; size < store.size(); ++size)
    fault_of(Fault::Kind::format, [&] { parse_jks(std::string_view(store).substr(0, size)); });
  EXPECT_EQ(fault_of(Fault::Kind::format, [&] { parse_jks(store + "x"); }),
            "the JKS store is torn: there is more in it than it says");
  EXPECT_EQ(fault_of(Fault::Kind::format, [] { parse_jks("PK\x03\x04"); }), "it is no JKS store");
}

TEST(TlsJks, NoCountMakesItReadOn) {
  std::string store = tls_file("trust.jks");
  store.replace(8, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(fault_of(Fault::Kind::format, [&] { parse_jks(store); }),
            "the JKS store is torn: it ends too early");
  store = tls_file("trust.jks");
  store[7] = 3;
  EXPECT_EQ(fault_of(Fault::Kind::format, [&] { parse_jks(store); }),
            "a JKS store of version 3; known are 1 and 2");
  store[7] = 2;
  store[15] = 9;
  EXPECT_EQ(fault_of(Fault::Kind::format, [&] { parse_jks(store); }),
            "the JKS store is torn: an entry of kind 9");
}

TEST(TlsJks, VersionOneHasNoTypes) {
  const std::string store("\xFE\xED\xFE\xED\0\0\0\1\0\0\0\1\0\0\0\2\0\1a\0\0\0\0\0\0\0\0\0\0\0\2DE",
                          33);
  const std::vector<JksEntry> entries = parse_jks(store + std::string(20, 'd'));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].certificates, std::vector<std::string>{"DE"});
  EXPECT_TRUE(entries[0].types.empty());
}

}  // namespace
}  // namespace kpipe::tls
