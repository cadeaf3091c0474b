// SPDX-License-Identifier: Apache-2.0
#include "common/tls/private_key.hpp"

#include <utility>

#include "common/tls/fault.hpp"

namespace kpipe::tls {

Secret to_pkcs8(const EVP_PKEY* key) {
  const OpenSslPtr<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) throw openssl_fault("the private key is of a kind that PKCS#8 cannot hold");
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out);
  return Secret(std::move(der));
}

}  // namespace kpipe::tls
