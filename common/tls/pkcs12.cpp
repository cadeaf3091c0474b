// SPDX-License-Identifier: Apache-2.0
#include "common/tls/pkcs12.hpp"

#include <openssl/err.h>

#include <optional>
#include <utility>

#include "common/tls/fault.hpp"
#include "common/tls/openssl_handles.hpp"
#include "common/tls/private_key.hpp"

namespace kpipe::tls {
namespace {

using Store = OpenSslPtr<PKCS12>;

/// `context`: whose algorithms open it; null: the usual ones.
Store decode(std::string_view bytes, OSSL_LIB_CTX* context) {
  const OpenSslPtr<BIO> in = memory_bio(bytes);
  PKCS12* store = PKCS12_init_ex(NID_pkcs7_data, context, nullptr);
  const bool decoded = store != nullptr && in && d2i_PKCS12_bio(in.get(), &store) != nullptr;
  // What could not be decoded is freed and null, or as empty as it was.
  Store owner(store);
  return decoded ? std::move(owner) : nullptr;
}

[[noreturn]] void wrong_password(bool given) {
  ERR_clear_error();
  throw Fault(Fault::Kind::store_password,
              given ? "the password is wrong" : "it is encrypted, and there is no password");
}

void append_der(const X509* x509, std::vector<std::string>& list) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  if (size <= 0) throw openssl_fault("a certificate in it cannot be read");
  list.emplace_back(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
}

/// Nothing when an algorithm is missing; the queue of errors says so.
std::optional<Pkcs12> open(PKCS12* store, const Secret& password) {
  ERR_clear_error();
  const std::string& text = password.reveal();
  const bool closed = PKCS12_mac_present(store) == 1;
  // OpenSSL opens a store without a checksum (Java's own cacerts) only when there is no password.
  if (!closed && !text.empty()) PKCS12_set_mac(store, text.c_str(), -1, nullptr, 0, 1, nullptr);
  // Without a password it may be none, or an empty one: Java and others do not agree.
  if (closed && PKCS12_verify_mac(store, text.c_str(), -1) != 1 &&
      (!text.empty() || PKCS12_verify_mac(store, nullptr, 0) != 1)) {
    if (ERR_peek_error() == 0) wrong_password(!password.empty());
    if (lacks_algorithm()) return std::nullopt;
    throw openssl_fault("its checksum cannot be computed");
  }
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  const bool opened = PKCS12_parse(store, text.c_str(), &key, &certificate, &others) == 1;
  const OpenSslPtr<EVP_PKEY> key_owner(key);
  const OpenSslPtr<X509> certificate_owner(certificate);
  const OpenSslPtr<STACK_OF(X509)> others_owner(others);
  if (!opened) {
    if (lacks_algorithm()) return std::nullopt;
    // Without a checksum only the padding tells.
    if (!closed) wrong_password(!password.empty());
    throw openssl_fault("the PKCS#12 store cannot be opened");
  }
  ERR_clear_error();
  Pkcs12 result;
  if (key != nullptr) result.key = to_pkcs8(key);
  if (certificate != nullptr) append_der(certificate, result.chain);
  for (int i = 0; others != nullptr && i < sk_X509_num(others); ++i)
    append_der(sk_X509_value(others, i), result.certificates);
  return result;
}

}  // namespace

bool is_der(std::string_view bytes) noexcept {
  constexpr char sequence = 0x30;
  return bytes.starts_with(sequence);
}

Pkcs12 read_pkcs12(std::string_view bytes, const Secret& password) {
  ERR_clear_error();
  const Store store = decode(bytes, nullptr);
  if (!store) {
    ERR_clear_error();
    throw Fault(Fault::Kind::format, "it is torn, or no PKCS#12 store");
  }
  if (auto result = open(store.get(), password)) return std::move(*result);
  const LegacyContext legacy;
  if (legacy.get() == nullptr) {
    ERR_clear_error();
    throw Fault(Fault::Kind::format,
                "it is encrypted the old way (RC2), and OpenSSL's legacy provider is not installed "
                "here. Make it anew: keytool -importkeystore -deststoretype PKCS12");
  }
  const Store again = decode(bytes, legacy.get());
  if (again) {
    if (auto result = open(again.get(), password)) return std::move(*result);
  }
  throw openssl_fault("the PKCS#12 store cannot be opened");
}

}  // namespace kpipe::tls
