// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "common/base/error.hpp"

namespace kpipe {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw Error(Exit::software, "SHA-256: OpenSSL cannot compute it");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * size);
  for (unsigned int i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

}  // namespace kpipe
