// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kpipe::kgroups {

/// What people want to know of an X.509 certificate.
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

/// The first certificate of a PEM file's text, which is the owner's.
std::optional<Certificate> parse_certificate_pem(const std::string& pem);

/// The owner's certificate of a PKCS#12 store; nothing for a wrong password too.
std::optional<Certificate> parse_certificate_pkcs12(const std::string& store,
                                                    const std::string& password);

}  // namespace kpipe::kgroups
