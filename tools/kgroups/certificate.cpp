// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <ctime>
#include <memory>

#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

struct OpenSslDeleter {
  void operator()(BIO* p) const noexcept { BIO_free_all(p); }
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(PKCS12* p) const noexcept { PKCS12_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
};
template <typename T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDeleter>;

OpenSslPtr<BIO> memory(const std::string& bytes) {
  return OpenSslPtr<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string name_text(const X509_NAME* name) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string("?");
}

std::string alternative_names(X509* certificate) {
  const OpenSslPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS) {
      one.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                 static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const int size = ASN1_STRING_length(name->d.iPAddress);
      std::array<char, INET6_ADDRSTRLEN> address{};
      if (::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
                      address.data(), address.size()) != nullptr)
        one = address.data();
    }
    if (!one.empty()) text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

std::int64_t seconds(const ASN1_TIME* time) {
  std::tm utc{};
  return ASN1_TIME_to_tm(time, &utc) == 1 ? ::timegm(&utc) : 0;
}

std::optional<Certificate> describe(X509* x509) {
  if (x509 == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  return Certificate{name_text(X509_get_subject_name(x509)), name_text(X509_get_issuer_name(x509)),
                     alternative_names(x509), seconds(X509_get0_notBefore(x509)),
                     seconds(X509_get0_notAfter(x509))};
}

}  // namespace

std::string Certificate::text() const {
  constexpr std::int64_t ms = 1000;
  return (subject.empty() ? "no subject" : subject) + (names.empty() ? "" : ", for " + names) +
         ", by " + (issuer == subject ? "itself" : issuer) + ", until " + time_text(not_after * ms);
}

std::optional<Certificate> parse_certificate_der(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const OpenSslPtr<X509> x509(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  return describe(x509.get());
}

std::optional<Certificate> parse_certificate_pem(const std::string& pem) {
  const OpenSslPtr<BIO> in = memory(pem);
  const OpenSslPtr<X509> x509(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  return describe(x509.get());
}

std::optional<Certificate> parse_certificate_pkcs12(const std::string& store,
                                                    const std::string& password) {
  const OpenSslPtr<BIO> in = memory(store);
  const OpenSslPtr<PKCS12> pkcs12(d2i_PKCS12_bio(in.get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  if (pkcs12) PKCS12_parse(pkcs12.get(), password.c_str(), &key, &certificate, nullptr);
  const OpenSslPtr<EVP_PKEY> key_owner(key);
  const OpenSslPtr<X509> owner(certificate);
  return describe(owner.get());
}

}  // namespace kpipe::kgroups
