// SPDX-License-Identifier: Apache-2.0
#include "common/tls/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>

#include "common/tls/fault.hpp"
#include "common/tls/openssl_handles.hpp"
#include "common/tls/private_key.hpp"

namespace kpipe::tls {
namespace {

/// What OpenSSL is told when it wants a password.
struct PasswordAnswer {
  const Secret& password;
  bool asked = false;
};

int answer_password(char* buffer, int size, int /*writing*/, void* user) {
  auto* const answer = static_cast<PasswordAnswer*>(user);
  answer->asked = true;
  const std::string& password = answer->password.reveal();
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, password.data(), password.size());
  return static_cast<int>(password.size());
}

/// A block of PEM as OpenSSL takes it apart.
struct Block {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));  // it may be a key
  }
};

/// The certificate in a block, in DER; empty: none is whole there. All authorities of the web are
/// read at each start: they are not decoded any further here, which would take 30 ms.
std::string certificate_in(const Block& block) {
  const unsigned char* content = block.data;
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int got = ASN1_get_object(&content, &length, &tag, &tag_class, block.size);
  if ((got & 0x80) != 0 || tag != V_ASN1_SEQUENCE) return {};
  // OpenSSL's own "TRUSTED CERTIFICATE" has its notes on the certificate behind it.
  const long size = content - block.data + length;
  if (size != block.size && std::strcmp(block.name, PEM_STRING_X509_TRUSTED) != 0) return {};
  return {reinterpret_cast<const char*>(block.data), static_cast<std::size_t>(size)};
}

bool has_block(std::string_view pem, std::string_view what) {
  for (std::size_t at = 0; (at = pem.find("-----BEGIN ", at)) != std::string_view::npos; ++at) {
    const std::string_view line = pem.substr(at, pem.find('\n', at) - at);
    if (line.find(what) != std::string_view::npos) return true;
  }
  return false;
}

OpenSslPtr<EVP_PKEY> read_key(std::string_view pem, PasswordAnswer& answer, OSSL_LIB_CTX* context) {
  ERR_clear_error();
  const OpenSslPtr<BIO> in = memory_bio(pem);
  return OpenSslPtr<EVP_PKEY>(
      in ? PEM_read_bio_PrivateKey_ex(in.get(), nullptr, answer_password, &answer, context, nullptr)
         : nullptr);
}

Fault key_fault(std::string_view pem, const PasswordAnswer& answer) {
  if (answer.asked && answer.password.empty()) {
    ERR_clear_error();
    return Fault(Fault::Kind::key_password, "the key is encrypted, and there is no password");
  }
  if (answer.asked) {
    ERR_clear_error();
    return Fault(Fault::Kind::key_password, "the password of the key is wrong");
  }
  if (!has_block(pem, "PRIVATE KEY-----")) {
    ERR_clear_error();
    return Fault(Fault::Kind::format,
                 is_pem(pem) ? "there is no private key in it" : "it is not PEM");
  }
  return openssl_fault("the private key in it cannot be read");
}

}  // namespace

bool is_pem(std::string_view text) noexcept {
  return text.find("-----BEGIN ") != std::string_view::npos;
}

std::vector<std::string> read_pem_certificates(std::string_view pem) {
  ERR_clear_error();
  const OpenSslPtr<BIO> in = memory_bio(pem);
  std::vector<std::string> certificates;
  const auto torn = [&] {
    return openssl_fault("certificate " + std::to_string(certificates.size() + 1) +
                         " in it is torn");
  };
  while (in) {
    Block block;
    if (PEM_read_bio(in.get(), &block.name, &block.header, &block.data, &block.size) != 1) break;
    const std::string_view name = block.name;
    if (name != PEM_STRING_X509 && name != PEM_STRING_X509_OLD && name != PEM_STRING_X509_TRUSTED)
      continue;
    certificates.push_back(certificate_in(block));
    if (certificates.back().empty()) {
      certificates.pop_back();
      throw torn();
    }
  }
  // The end is an error, too: no further block begins. OpenSSL does not see one whose first line is
  // cut.
  const std::size_t begin = pem.rfind("-----BEGIN");
  const bool cut =
      begin != std::string_view::npos && pem.find("-----END", begin) == std::string_view::npos;
  if (cut || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) throw torn();
  ERR_clear_error();
  if (certificates.empty()) {
    throw Fault(Fault::Kind::format,
                is_pem(pem) ? "there is no certificate in it" : "it is not PEM");
  }
  return certificates;
}

Secret read_pem_key(std::string_view pem, const Secret& password) {
  PasswordAnswer answer{password};
  if (const OpenSslPtr<EVP_PKEY> key = read_key(pem, answer, nullptr)) return to_pkcs8(key.get());
  if (!lacks_algorithm()) throw key_fault(pem, answer);
  const LegacyContext legacy;
  if (legacy.get() == nullptr) {
    ERR_clear_error();
    throw Fault(
        Fault::Kind::format,
        "the key is encrypted in an old way, and OpenSSL's legacy provider, which knows it, "
        "is not installed here. Encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc");
  }
  if (const OpenSslPtr<EVP_PKEY> key = read_key(pem, answer, legacy.get()))
    return to_pkcs8(key.get());
  throw key_fault(pem, answer);
}

std::string write_pem_certificates(const std::vector<std::string>& certificates) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  for (const std::string& der : certificates) {
    if (PEM_write_bio(out.get(), PEM_STRING_X509, "", as_bytes(der),
                      static_cast<long>(der.size())) <= 0)
      throw openssl_fault("a certificate cannot be written");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

Secret write_pem_key(const Secret& key) {
  // It wipes what it leaves behind as it grows.
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio(out.get(), PEM_STRING_PKCS8INF, "", as_bytes(key.reveal()),
                    static_cast<long>(key.reveal().size())) <= 0)
    throw openssl_fault("the key cannot be written");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return Secret(std::string(text, static_cast<std::size_t>(size)));
}

}  // namespace kpipe::tls
