// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe {

/// SHA-256 in lower-case hexadecimal (64 characters). Throws Error(software) when OpenSSL cannot.
std::string sha256_hex(std::string_view bytes);

}  // namespace kpipe
