// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/secret.hpp"

namespace kpipe::tls {

/// The whole of a file with keys or certificates. Throws Fault(format) with the cause: not there,
/// not readable, no regular file, larger than any store is.
Secret read_key_file(const std::string& path);

}  // namespace kpipe::tls
