// SPDX-License-Identifier: Apache-2.0
#include "common/tls/fault.hpp"

#include <openssl/err.h>

namespace kpipe::tls {

Fault openssl_fault(const std::string& cause) {
  const unsigned long code = ERR_peek_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return Fault(Fault::Kind::format,
               reason == nullptr ? cause : cause + " (OpenSSL: " + reason + ")");
}

}  // namespace kpipe::tls
