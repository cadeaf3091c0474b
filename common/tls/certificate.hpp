// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/secret.hpp"

namespace kpipe::tls {

/// What people want to know of an X.509 certificate (RFC 5280).
struct Certificate {
  std::string subject;  ///< "CN=broker,O=Example"
  std::string issuer;
  std::string names;            ///< DNS names and addresses it is for, separated by blanks
  std::int64_t not_before = 0;  ///< seconds since the epoch
  std::int64_t not_after = 0;

  /// "CN=..., for NAMES, by ISSUER, until DATE"
  std::string text() const;
};

/// Nothing when the bytes are no certificate.
std::optional<Certificate> parse_certificate_der(const std::string& der);

/// The same of the first certificate of a PEM text, which is the owner's.
std::optional<Certificate> parse_certificate_pem(const std::string& pem);

/// Whether a private key (PKCS#8 in DER) is the one of this certificate.
bool key_matches(const std::string& certificate_der, const Secret& key);

}  // namespace kpipe::tls
