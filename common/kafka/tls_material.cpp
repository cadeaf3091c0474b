// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/tls_material.hpp"

#include <sys/stat.h>

#include <mutex>
#include <set>

#include "common/base/clock.hpp"
#include "common/base/time_zone.hpp"
#include "common/tls/certificate.hpp"
#include "common/tls/key_file.hpp"
#include "common/tls/pem.hpp"

namespace kpipe {
namespace {

constexpr const char* kTruststore = "ssl.truststore";
constexpr const char* kKeystore = "ssl.keystore";
constexpr const char* kKeyPassword = "ssl.key.password";

bool is_inline_pem(std::string_view value) {
  return value.starts_with("-----BEGIN ");
}

/// Where only one line is possible, such as in a file of variables, people write line ends as \n.
Secret with_line_ends(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool line_end = value.substr(i, 2) == "\\n";
    text += line_end ? '\n' : value[i];
    if (line_end) ++i;
  }
  return Secret(std::move(text));
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

void say_once(log::Level level, const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(text).second) log::write(level, text);
}

/// The property's value, or the file that it names. `checked` is called with it; whatever is wrong
/// then is said of it. `store` is "ssl.truststore" or "ssl.keystore", whose password counts.
template <typename Read>
auto TlsMaterial::read(const std::string& name, const std::string& store, Read checked) const {
  const std::string& said = secret(name).reveal();
  Material material{{}, where(name)};
  const bool is_text = is_inline_pem(said) || name.ends_with(".pem");
  try {
    if (is_text) {
      material.bytes = with_line_ends(said);
    } else {
      material.where += ": " + said;
      material.bytes = tls::read_key_file(said);
    }
    return checked(material);
  } catch (const tls::Fault& fault) {
    throw Error(Exit::config, material.where + ": " + fault.what() + remedy(fault, store));
  }
}

std::string TlsMaterial::remedy(const tls::Fault& fault, const std::string& store) const {
  if (fault.kind() == tls::Fault::Kind::format) return {};
  const std::string property =
      fault.kind() == tls::Fault::Kind::key_password ? kKeyPassword : store + ".password";
  return given(property) ? ". Check " + prefix_ + property + " (" + origin(property) + ")"
                         : ". Give " + prefix_ + property + "=file:PATH or env:NAME";
}

// ------------------------------------------------------------------------------- whom we trust

std::string TlsMaterial::trusted_place() const {
  const std::string location = value("ssl.ca.location");
  if (is_inline_pem(location)) return {};
  // A folder, and "the usual places", are for OpenSSL to search in.
  if (!location.empty() && location != "probe" && !is_folder(location)) read_ca("ssl.ca.location");
  return location;
}

std::string TlsMaterial::trusted() const {
  std::string pem;
  if (is_inline_pem(value("ssl.ca.location")))
    pem = tls::write_pem_certificates(read_ca("ssl.ca.location"));
  if (given("ssl.ca.pem")) pem += tls::write_pem_certificates(read_ca("ssl.ca.pem"));
  if (given("ssl.truststore.location")) pem += read_truststore();
  return pem;
}

std::vector<std::string> TlsMaterial::read_ca(const std::string& name) const {
  return read(name, kTruststore, [this](const Material& material) {
    return read_pem(material, "ssl.truststore.location");
  });
}

/// Certificates. A Java store is sent to the property that takes it.
std::vector<std::string> TlsMaterial::read_pem(const Material& material,
                                               const std::string& store) const {
  require_pem(material, store);
  std::vector<std::string> certificates = tls::read_pem_certificates(material.bytes.reveal());
  if (!tls::parse_certificate_der(certificates.front()))
    throw tls::Fault(tls::Fault::Kind::format, "what it holds is no X.509 certificate");
  return certificates;
}

void TlsMaterial::require_pem(const Material& material, const std::string& store) const {
  const tls::StoreKind kind = tls::store_kind(material.bytes.reveal());
  if (kind == tls::StoreKind::pem) return;
  throw tls::Fault(tls::Fault::Kind::format, "it is not PEM, but " +
                                                 std::string(tls::store_kind_name(kind)) +
                                                 ". Give it as " + prefix_ + store);
}

std::string TlsMaterial::read_truststore() const {
  const std::string store = kTruststore;
  return read(store + ".location", store, [&](const Material& material) {
    compare_kind(material, store);
    return tls::write_pem_certificates(
        tls::read_truststore(material.bytes.reveal(), secret(store + ".password")));
  });
}

/// The file's first bytes decide; a type that was declared is only compared.
void TlsMaterial::compare_kind(const Material& material, const std::string& store) const {
  const std::string type = store + ".type";
  const tls::StoreKind kind = tls::store_kind(material.bytes.reveal());
  if (!given(type)) return;
  const std::optional<tls::StoreKind> declared = tls::parse_store_kind(value(type));
  if (!declared) throw Error(Exit::config, where(type) + ": expected JKS, PKCS12 or PEM");
  if (*declared != kind) {
    say_once(log::Level::notice, material.where + ": it is " +
                                     std::string(tls::store_kind_name(kind)) + ", not " +
                                     std::string(tls::store_kind_name(*declared)) + " as " +
                                     where(type) + " says; read as what it is");
  }
}

// ---------------------------------------------------------------------------------- who we are

std::optional<TlsIdentity> TlsMaterial::identity() const {
  const std::string store = only_one(
      {"ssl.keystore.location", "ssl.certificate.location", "ssl.certificate.pem"}, "certificate");
  const std::string key =
      only_one({"ssl.keystore.location", "ssl.key.location", "ssl.key.pem"}, "private key");
  if (store.empty() && key.empty()) return std::nullopt;
  if (key.empty()) {
    throw Error(Exit::config, where(store) + ": there is no key for the certificate. Give " +
                                  prefix_ +
                                  "ssl.key.location=FILE, also when the key stands in the same "
                                  "file");
  }
  if (store.empty()) {
    throw Error(Exit::config, where(key) + ": there is no certificate for the key. Give " +
                                  prefix_ + "ssl.certificate.location=FILE");
  }
  const tls::Identity found = store == key ? read_keystore() : read_certificate_and_key(store, key);
  return TlsIdentity{tls::write_pem_certificates(found.chain), tls::write_pem_key(found.key)};
}

/// The one of these properties that was given; empty: none.
std::string TlsMaterial::only_one(const std::vector<std::string>& names,
                                  const std::string& what) const {
  std::string found;
  for (const std::string& name : names) {
    if (!given(name)) continue;
    if (!found.empty()) {
      throw Error(Exit::config, where(name) + ": a second " + what + ", besides " + where(found) +
                                    ". Give one of them");
    }
    found = name;
  }
  return found;
}

tls::Identity TlsMaterial::read_keystore() const {
  const std::string store = kKeystore;
  return read(store + ".location", store, [&](const Material& material) {
    compare_kind(material, store);
    tls::Identity identity = tls::read_keystore(
        material.bytes.reveal(), {secret(store + ".password"), secret(kKeyPassword)});
    if (identity.keys > 1) {
      say_once(log::Level::notice, material.where + ": there are " + std::to_string(identity.keys) +
                                       " keys in it; the first one is used");
    }
    check_dates(material, identity.chain.front());
    if (!tls::key_matches(identity.chain.front(), identity.key))
      throw tls::Fault(tls::Fault::Kind::format, "its key does not match its certificate");
    return identity;
  });
}

tls::Identity TlsMaterial::read_certificate_and_key(const std::string& certificate,
                                                    const std::string& key) const {
  const std::string store = kKeystore;
  tls::Identity identity;
  identity.chain = read(certificate, store, [&](const Material& material) {
    std::vector<std::string> chain = read_pem(material, store + ".location");
    check_dates(material, chain.front());
    return chain;
  });
  identity.key = read(key, store, [&](const Material& material) {
    require_pem(material, store + ".location");
    Secret read_key = tls::read_pem_key(material.bytes.reveal(), secret(kKeyPassword));
    if (!tls::key_matches(identity.chain.front(), read_key)) {
      throw tls::Fault(tls::Fault::Kind::format,
                       "the key does not match the certificate of " + prefix_ + certificate + " (" +
                           origin(certificate) +
                           "). Give the key that the certificate was made for");
    }
    return read_key;
  });
  return identity;
}

/// The other side would only hang up.
void TlsMaterial::check_dates(const Material& material, const std::string& der) {
  constexpr std::int64_t day_s = 86'400;
  constexpr std::int64_t soon_days = 30;
  constexpr std::int64_t ms = 1000;
  const std::optional<tls::Certificate> certificate = tls::parse_certificate_der(der);
  if (!certificate)
    throw tls::Fault(tls::Fault::Kind::format, "what it holds is no X.509 certificate");
  const std::int64_t now = wall_clock_ms() / ms;
  const std::string ours = "our certificate (" + certificate->subject + ") ";
  if (certificate->not_after <= now) {
    throw tls::Fault(
        tls::Fault::Kind::format,
        ours + "has expired: notAfter " + utc_text(certificate->not_after * ms) + ". Renew it");
  }
  if (certificate->not_before > now) {
    throw tls::Fault(tls::Fault::Kind::format,
                     ours + "is not valid yet: notBefore " +
                         utc_text(certificate->not_before * ms) +
                         ". Check the clock of this machine, or wait until then");
  }
  if (certificate->not_after - now < soon_days * day_s) {
    say_once(log::Level::warning, material.where + ": " + ours + "expires in less than " +
                                      std::to_string((certificate->not_after - now) / day_s + 1) +
                                      " days: notAfter " + utc_text(certificate->not_after * ms) +
                                      ". Renew it");
  }
}

}  // namespace kpipe
