// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"

namespace kpipe::tls {

// PEM (RFC 7468). Other blocks than those asked for, and text between blocks, are passed over.
// Nothing here ever asks for a password on the terminal, as OpenSSL does unless told otherwise.

/// Whether it holds a block of any kind.
bool is_pem(std::string_view text) noexcept;

/// All certificates in DER, in their order; whether they are X.509 is not looked at. Throws
/// Fault(format) when there is none, or one is torn.
std::vector<std::string> read_pem_certificates(std::string_view pem);

/// The private key, in PKCS#8, DER, not encrypted, from a key that is encrypted (PKCS#8, or
/// OpenSSL's own "Proc-Type: 4,ENCRYPTED") or not. Throws Fault: format, or key_password.
Secret read_pem_key(std::string_view pem, const Secret& password);

std::string write_pem_certificates(const std::vector<std::string>& certificates);

/// A PEM text of PKCS#8 in DER.
Secret write_pem_key(const Secret& key);

}  // namespace kpipe::tls
