// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"

namespace kpipe::tls {

/// What a PKCS#12 store (RFC 7292) holds: Java's, OpenSSL's, a browser's.
struct Pkcs12 {
  Secret key;                             ///< PKCS#8 in DER; empty: no key
  std::vector<std::string> chain;         ///< DER, the one of the key; empty without a key
  std::vector<std::string> certificates;  ///< all others
};

/// Java's PKCS#12 stores begin as every DER does: a file that does is one, or something else.
bool is_der(std::string_view bytes) noexcept;

/// Opens it, with OpenSSL's legacy provider where that is needed. Throws Fault: store_password or
/// format.
Pkcs12 read_pkcs12(std::string_view bytes, const Secret& password);

}  // namespace kpipe::tls
