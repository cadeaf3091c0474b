// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"

namespace kpipe::tls {

// Java's notion of key material: a truststore holds whom we trust, a keystore who we are. Either
// may be a JKS or PKCS#12 file, or PEM (KIP-651).

enum class StoreKind { jks, pkcs12, pem };

/// By the first bytes, whatever the file is called. Throws Fault(format) when it is none of them.
StoreKind store_kind(std::string_view bytes);

/// As Java names it: "JKS", "PKCS12", "PEM".
std::string_view store_kind_name(StoreKind kind) noexcept;

/// The same from its name, in any case of letters; nothing for another word.
std::optional<StoreKind> parse_store_kind(std::string_view name);

struct StorePasswords {
  Secret store;
  Secret key;  ///< none: the store's, as in Java
};

/// The trusted certificates, in DER. Those that belong to a key do not count; in PKCS#12, which
/// does not tell, only the key's own does not. A JKS store without a password is taken unchecked,
/// as Java does. Throws Fault, also when there is none.
std::vector<std::string> read_truststore(std::string_view bytes, const Secret& password);

/// Who we are.
struct Identity {
  Secret key;                      ///< PKCS#8 in DER
  std::vector<std::string> chain;  ///< DER; our own first, then who signed it
  std::size_t keys = 1;            ///< in the store; the first one is taken
};

/// Throws Fault, also when there is no key, or no certificate for it.
Identity read_keystore(std::string_view bytes, const StorePasswords& passwords);

}  // namespace kpipe::tls
