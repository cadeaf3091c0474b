// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include <climits>
#include <memory>
#include <string_view>

namespace kpipe::tls {

// Owners of OpenSSL's C handles: every deleter in one place. Not for other folders.

struct OpenSslDeleter {
  void operator()(BIO* p) const noexcept { BIO_free_all(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
  void operator()(OSSL_LIB_CTX* p) const noexcept { OSSL_LIB_CTX_free(p); }
  void operator()(OSSL_PROVIDER* p) const noexcept { OSSL_PROVIDER_unload(p); }
  void operator()(PKCS12* p) const noexcept { PKCS12_free(p); }
  void operator()(PKCS8_PRIV_KEY_INFO* p) const noexcept { PKCS8_PRIV_KEY_INFO_free(p); }
  void operator()(STACK_OF(X509) * p) const noexcept { sk_X509_pop_free(p, X509_free); }
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(X509_SIG* p) const noexcept { X509_SIG_free(p); }
};
template <typename T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDeleter>;

/// Reads from `bytes`, which must outlive it and be smaller than 2 GiB.
inline OpenSslPtr<BIO> memory_bio(std::string_view bytes) {
  return OpenSslPtr<BIO>(bytes.size() > INT_MAX
                             ? nullptr
                             : BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

inline const unsigned char* as_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// What old stores and keys were encrypted with (RC2-40, DES) is in OpenSSL's legacy provider. It
/// is loaded into a library context of its own, so that no connection will ever use such ciphers.
class LegacyContext {
 public:
  LegacyContext()
      : context_(OSSL_LIB_CTX_new()),
        legacy_(context_ ? OSSL_PROVIDER_load(context_.get(), "legacy") : nullptr),
        default_(context_ ? OSSL_PROVIDER_load(context_.get(), "default") : nullptr) {}
  /// Null where the provider is not installed.
  OSSL_LIB_CTX* get() const noexcept { return legacy_ && default_ ? context_.get() : nullptr; }

 private:
  OpenSslPtr<OSSL_LIB_CTX> context_;
  OpenSslPtr<OSSL_PROVIDER> legacy_;
  OpenSslPtr<OSSL_PROVIDER> default_;
};

/// Whether the queue of errors says that an algorithm is not there. Leaves it as it is.
bool lacks_algorithm() noexcept;

}  // namespace kpipe::tls
