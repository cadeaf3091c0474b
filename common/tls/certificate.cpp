// SPDX-License-Identifier: Apache-2.0
#include "common/tls/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

#include "common/base/time_zone.hpp"
#include "common/tls/openssl_handles.hpp"

namespace kpipe::tls {
namespace {

std::string name_text(const X509_NAME* name) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
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
      if ((size == 4 || size == 16) &&
          ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
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

OpenSslPtr<X509> x509_of(const std::string& der) {
  const unsigned char* bytes = as_bytes(der);
  return OpenSslPtr<X509>(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

}  // namespace

std::string Certificate::text() const {
  constexpr std::int64_t ms = 1000;
  return (subject.empty() ? "no subject" : subject) + (names.empty() ? "" : ", for " + names) +
         ", by " + (issuer == subject ? "itself" : issuer) + ", until " + utc_text(not_after * ms);
}

std::optional<Certificate> parse_certificate_der(const std::string& der) {
  return describe(x509_of(der).get());
}

std::optional<Certificate> parse_certificate_pem(const std::string& pem) {
  const OpenSslPtr<BIO> in = memory_bio(pem);
  const OpenSslPtr<X509> x509(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  return describe(x509.get());
}

bool key_matches(const std::string& certificate_der, const Secret& key) {
  const OpenSslPtr<X509> x509 = x509_of(certificate_der);
  const unsigned char* bytes = as_bytes(key.reveal());
  const OpenSslPtr<EVP_PKEY> pkey(
      d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(key.reveal().size())));
  const bool matches = x509 && pkey && X509_check_private_key(x509.get(), pkey.get()) == 1;
  ERR_clear_error();
  return matches;
}

}  // namespace kpipe::tls
