// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"

namespace kpipe::tls {

// Java's own keystore, "JKS". No standard describes it; sun.security.provider.JavaKeyStore of
// OpenJDK writes it. Numbers are big-endian:
//
//   FEEDFEED, version (1 or 2), number of entries, each 32 bits
//   an entry: kind (1: key, 2: trusted certificate), alias, creation time (64 bits), then
//     kind 1: protected key, number of certificates in its chain, these, the owner's first
//     kind 2: the certificate
//   20 bytes: SHA-1 of the password (UTF-16), "Mighty Aphrodite" and all that stands before
//
// Strings have a length of 16 bits, keys and certificates one of 32; in version 2 each certificate
// has the name of its type before it.

struct JksEntry {
  bool is_key = false;
  std::string alias;
  std::vector<std::string> certificates;  ///< DER: the chain of the key, or the one trusted
  std::vector<std::string> types;         ///< of the certificates; empty in version 1
  std::string protected_key;              ///< PKCS#8 EncryptedPrivateKeyInfo; empty: no key
};

/// Whether these are the first bytes of one.
bool is_jks(std::string_view bytes) noexcept;

/// All entries; no password is needed for the certificates. Throws Fault(format) for a file that is
/// torn, or has more than it says.
std::vector<JksEntry> parse_jks(std::string_view bytes);

/// Whether `bytes`, which parse_jks() took, were closed with this password. The file may also have
/// been changed since: nothing tells one from the other.
bool jks_is_closed_with(std::string_view bytes, const Secret& password);

/// The private key in PKCS#8, DER. Throws Fault: key_password, or format.
Secret open_jks_key(const std::string& protected_key, const Secret& password);

}  // namespace kpipe::tls
