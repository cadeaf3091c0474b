// SPDX-License-Identifier: Apache-2.0
#include "common/base/error.hpp"

#include <cerrno>
#include <system_error>

namespace kpipe {

Error system_error(const std::string& context, int errno_value) {
  return Error(Exit::io, context + ": " + std::generic_category().message(errno_value));
}

}  // namespace kpipe
