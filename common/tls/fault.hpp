// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace kpipe::tls {

/// Why a file with keys or certificates is of no use. what() is the cause, without a file's name or
/// a remedy: only the caller knows which property named the file, and which one its password.
class Fault : public std::runtime_error {
 public:
  enum class Kind {
    format,          ///< torn, of another kind, or nothing in it of what was wanted
    store_password,  ///< the password of the store is wrong, or there is none and it needs one
    key_password,    ///< the same of the password that only the key has
  };
  Fault(Kind kind, const std::string& cause) : std::runtime_error(cause), kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// Fault(format) with what OpenSSL has to say: "CAUSE (OpenSSL: bad decrypt)". Empties its queue.
Fault openssl_fault(const std::string& cause);

}  // namespace kpipe::tls
