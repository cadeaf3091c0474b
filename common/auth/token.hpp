// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "common/base/secret.hpp"

namespace kpipe {

/// What logs in by OAUTHBEARER.
struct AccessToken {
  Secret value;
  std::int64_t expires_at_ms = 0;  ///< since the epoch
  std::string principal;           ///< whom it is for, where it says so; for logs alone
};

/// Gets a new token. May block for its time limits, less once `cancelled` is true. Throws Error.
using FetchToken = std::function<AccessToken(const std::atomic<bool>& cancelled)>;

}  // namespace kpipe
