// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/tls/certificate.hpp"
#include "common/tls/pem.hpp"
#include "tests/unit/tls_files.hpp"

namespace kpipe::tls {
namespace {

std::string subject(const std::string& der) {
  return parse_certificate_der(der).value_or(Certificate{}).subject;
}

TEST(TlsPem, ReadsAChainInItsOrderAndWritesItAgain) {
  const std::vector<std::string> chain = read_pem_certificates(tls_file("chain.pem"));
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(subject(chain[0]), "CN=client,O=kpipe");
  EXPECT_EQ(subject(chain[1]), "CN=Test ca");
  EXPECT_EQ(write_pem_certificates(chain), tls_file("chain.pem"));
}

TEST(TlsPem, PassesOverTextAndOtherBlocks) {
  const std::string text = "Certificate:\n    Data: x\n" + tls_file("client.key") +
                           tls_file("ca.pem") + "the end, without a line end";
  EXPECT_EQ(read_pem_certificates(text).size(), 1U);
  EXPECT_FALSE(read_pem_key(tls_file("chain.pem") + tls_file("client.key"), {}).empty());
}

TEST(TlsPem, TakesOpensslsOwnKindOfCertificateWithoutItsNotes) {
  // As `openssl x509 -addtrust serverAuth` writes it: the notes are a second sequence.
  const std::string der = read_pem_certificates(tls_file("ca.pem")).front();
  std::string text = write_pem_certificates({der + std::string("\x30\x02\x30\x00", 4)});
  fault_of(Fault::Kind::format, [&] { read_pem_certificates(text); });
  for (std::size_t at = 0; (at = text.find(" CERTIFICATE", at)) != std::string::npos; at += 20)
    text.insert(at, " TRUSTED");
  EXPECT_EQ(read_pem_certificates(text), std::vector<std::string>{der});
}

TEST(TlsPem, SaysWhatIsMissing) {
  const auto certificates = [](const std::string& text) {
    return fault_of(Fault::Kind::format, [&] { read_pem_certificates(text); });
  };
  EXPECT_EQ(certificates("hello"), "it is not PEM");
  EXPECT_EQ(certificates(""), "it is not PEM");
  EXPECT_EQ(certificates(tls_file("client.key")), "there is no certificate in it");
  EXPECT_EQ(fault_of(Fault::Kind::format, [] { read_pem_key(tls_file("ca.pem"), {}); }),
            "there is no private key in it");
  EXPECT_EQ(fault_of(Fault::Kind::format, [] { read_pem_key("", {}); }), "it is not PEM");
}

TEST(TlsPem, EveryTornCertificateIsRefused) {
  const std::string text = tls_file("chain.pem");
  const std::size_t second = text.rfind("-----BEGIN");
  // The last five dashes are not needed.
  for (std::size_t size = second + 10; size + 7 < text.size(); ++size) {
    const std::string cause = fault_of(Fault::Kind::format, [&] {
      read_pem_certificates(std::string_view(text).substr(0, size));
    });
    EXPECT_NE(cause.find("certificate 2 in it is torn"), std::string::npos) << size << cause;
  }
}

TEST(TlsPem, OpensKeysThatAreEncryptedInAnyWay) {
  const std::string plain = read_pem_key(tls_file("client.key"), {}).reveal();
  for (const char* const name : {"client.enc.key", "client.p8.key", "client.old.key"}) {
    EXPECT_EQ(read_pem_key(tls_file(name), Secret("changeit")).reveal(), plain) << name;
    EXPECT_EQ(
        fault_of(Fault::Kind::key_password, [&] { read_pem_key(tls_file(name), Secret("wrong")); }),
        "the password of the key is wrong")
        << name;
    EXPECT_EQ(fault_of(Fault::Kind::key_password, [&] { read_pem_key(tls_file(name), {}); }),
              "the key is encrypted, and there is no password")
        << name;
  }
  // One that is not needed does no harm.
  EXPECT_EQ(read_pem_key(tls_file("client.key"), Secret("changeit")).reveal(), plain);
  // OpenSSL's buffer for passwords ends at 1024 bytes.
  fault_of(Fault::Kind::key_password,
           [] { read_pem_key(tls_file("client.enc.key"), Secret(std::string(5000, 'x'))); });
}

TEST(TlsPem, WritesAKeyThatOpensslReadsAgain) {
  const Secret key = read_pem_key(tls_file("client.enc.key"), Secret("changeit"));
  const Secret text = write_pem_key(key);
  EXPECT_TRUE(text.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_EQ(read_pem_key(text.reveal(), {}).reveal(), key.reveal());
}

TEST(TlsCertificate, SaysWhoItIsForAndUntilWhen) {
  const std::optional<Certificate> certificate = parse_certificate_pem(tls_file("client.pem"));
  ASSERT_TRUE(certificate.has_value());
  EXPECT_EQ(certificate->names, "localhost 127.0.0.1 ::1");
  EXPECT_EQ(certificate->issuer, "CN=Test ca");
  EXPECT_EQ(certificate->not_after - certificate->not_before, std::int64_t{36'500} * 86'400);
  EXPECT_TRUE(certificate->text().starts_with(
      "CN=client,O=kpipe, for localhost 127.0.0.1 ::1, by CN=Test ca, until 21"))
      << certificate->text();
  EXPECT_FALSE(parse_certificate_der("0").has_value());
  EXPECT_FALSE(parse_certificate_pem("-----BEGIN CERTIFICATE-----\n").has_value());
}

TEST(TlsCertificate, KnowsItsKey) {
  const Secret key = read_pem_key(tls_file("client.key"), {});
  const auto matches = [&](const char* name) {
    return key_matches(read_pem_certificates(tls_file(name)).front(), key);
  };
  EXPECT_TRUE(matches("client.pem"));
  EXPECT_FALSE(matches("stranger.pem"));
  EXPECT_FALSE(matches("ca.pem"));
  EXPECT_FALSE(key_matches("no certificate", key));
  EXPECT_FALSE(key_matches(read_pem_certificates(tls_file("client.pem")).front(), Secret()));
}

TEST(TlsKeyFile, SaysWhyAFileIsOfNoUse) {
  const auto cause = [](const std::string& path) {
    return fault_of(Fault::Kind::format, [&] { read_key_file(path); });
  };
  EXPECT_EQ(cause("/nosuch.pem"), "No such file or directory");
  EXPECT_EQ(cause("/"), "Is a directory");
  EXPECT_EQ(cause("/dev/zero"), "it is no regular file");
}

}  // namespace
}  // namespace kpipe::tls
