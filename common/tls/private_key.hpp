// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/secret.hpp"
#include "common/tls/openssl_handles.hpp"

namespace kpipe::tls {

/// A private key in PKCS#8 (RFC 5208), DER, not encrypted. Throws Fault(format).
Secret to_pkcs8(const EVP_PKEY* key);

}  // namespace kpipe::tls
