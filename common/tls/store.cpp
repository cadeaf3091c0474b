// SPDX-License-Identifier: Apache-2.0
#include "common/tls/store.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "common/tls/certificate.hpp"
#include "common/tls/fault.hpp"
#include "common/tls/jks.hpp"
#include "common/tls/pem.hpp"
#include "common/tls/pkcs12.hpp"

namespace kpipe::tls {
namespace {

constexpr std::array<std::pair<std::string_view, StoreKind>, 3> kind_names{
    {{"JKS", StoreKind::jks}, {"PKCS12", StoreKind::pkcs12}, {"PEM", StoreKind::pem}}};

Fault no_key() {
  return Fault(Fault::Kind::format,
               "there is no private key in it. A truststore says whom we trust; who we are is in a "
               "keystore");
}

std::vector<JksEntry> open_jks(std::string_view bytes, const Secret& password) {
  std::vector<JksEntry> entries = parse_jks(bytes);
  if (!password.empty() && !jks_is_closed_with(bytes, password)) {
    throw Fault(Fault::Kind::store_password,
                "the password is wrong, or the store was changed without it");
  }
  return entries;
}

Identity identity_of_jks(std::string_view bytes, const StorePasswords& passwords) {
  std::vector<JksEntry> entries = open_jks(bytes, passwords.store);
  std::erase_if(entries, [](const JksEntry& entry) { return !entry.is_key; });
  if (entries.empty()) throw no_key();
  const Secret& password = passwords.key.empty() ? passwords.store : passwords.key;
  if (password.empty()) {
    throw Fault(Fault::Kind::store_password,
                "the key in it is encrypted, and there is no password");
  }
  Identity identity;
  identity.key = open_jks_key(entries.front().protected_key, password);
  identity.chain = std::move(entries.front().certificates);
  identity.keys = entries.size();
  return identity;
}

Identity identity_of_pkcs12(std::string_view bytes, const StorePasswords& passwords) {
  Pkcs12 store = read_pkcs12(bytes, passwords.store);
  if (store.key.empty()) throw no_key();
  Identity identity;
  identity.key = std::move(store.key);
  identity.chain = std::move(store.chain);
  // PKCS#12 keeps no order of the others; TLS 1.3 asks for none.
  if (!identity.chain.empty())
    std::move(store.certificates.begin(), store.certificates.end(),
              std::back_inserter(identity.chain));
  return identity;
}

Identity identity_of_pem(std::string_view bytes, const StorePasswords& passwords) {
  Identity identity;
  identity.key = read_pem_key(bytes, passwords.key);
  identity.chain = read_pem_certificates(bytes);
  return identity;
}

}  // namespace

StoreKind store_kind(std::string_view bytes) {
  if (is_jks(bytes)) return StoreKind::jks;
  if (bytes.starts_with("\xCE\xCE\xCE\xCE")) {
    throw Fault(Fault::Kind::format,
                "it is a JCEKS store, which only Java reads. Convert it: keytool -importkeystore "
                "-srcstoretype JCEKS -deststoretype PKCS12");
  }
  if (is_pem(bytes)) return StoreKind::pem;
  if (is_der(bytes)) {
    if (parse_certificate_der(std::string(bytes))) {
      throw Fault(Fault::Kind::format,
                  "it is a certificate in DER, not PEM. Convert it: openssl x509 -inform DER -in "
                  "FILE -out FILE.pem");
    }
    return StoreKind::pkcs12;
  }
  throw Fault(Fault::Kind::format,
              bytes.empty() ? "it is empty" : "it is neither JKS, PKCS12 nor PEM");
}

std::string_view store_kind_name(StoreKind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)].first;
}

std::optional<StoreKind> parse_store_kind(std::string_view name) {
  for (const auto& [known, kind] : kind_names) {
    if (std::equal(name.begin(), name.end(), known.begin(), known.end(),
                   [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; }))
      return kind;
  }
  return std::nullopt;
}

std::vector<std::string> read_truststore(std::string_view bytes, const Secret& password) {
  std::vector<std::string> trusted;
  switch (store_kind(bytes)) {
    case StoreKind::jks:
      for (JksEntry& entry : open_jks(bytes, password)) {
        if (!entry.is_key) trusted.push_back(std::move(entry.certificates.front()));
      }
      break;
    case StoreKind::pkcs12:
      trusted = read_pkcs12(bytes, password).certificates;
      break;
    case StoreKind::pem:
      trusted = read_pem_certificates(bytes);
      break;
  }
  if (trusted.empty()) {
    throw Fault(Fault::Kind::format,
                "there is no trusted certificate in it. Add that of the authority: keytool "
                "-importcert -file CA.pem -keystore FILE");
  }
  // Who wrote a JKS store may have put anything in.
  if (!std::all_of(trusted.begin(), trusted.end(),
                   [](const std::string& der) { return parse_certificate_der(der).has_value(); }))
    throw Fault(Fault::Kind::format, "an entry in it is no X.509 certificate");
  return trusted;
}

Identity read_keystore(std::string_view bytes, const StorePasswords& passwords) {
  const StoreKind kind = store_kind(bytes);
  Identity identity = kind == StoreKind::jks      ? identity_of_jks(bytes, passwords)
                      : kind == StoreKind::pkcs12 ? identity_of_pkcs12(bytes, passwords)
                                                  : identity_of_pem(bytes, passwords);
  if (identity.chain.empty())
    throw Fault(Fault::Kind::format, "there is no certificate for its key in it");
  return identity;
}

}  // namespace kpipe::tls
