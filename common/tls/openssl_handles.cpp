// SPDX-License-Identifier: Apache-2.0
#include "common/tls/openssl_handles.hpp"

#include <openssl/err.h>

namespace kpipe::tls {

bool lacks_algorithm() noexcept {
  // The queue can only be read by emptying it, but the first and the last error are in view; an
  // algorithm that is missing is the cause of what follows.
  const auto unsupported = [](unsigned long code) {
    // The decoder of keys says "unsupported" of whatever it cannot decode.
    return ERR_GET_LIB(code) == ERR_LIB_EVP && ERR_GET_REASON(code) == ERR_R_UNSUPPORTED;
  };
  return unsupported(ERR_peek_error()) || unsupported(ERR_peek_last_error());
}

}  // namespace kpipe::tls
