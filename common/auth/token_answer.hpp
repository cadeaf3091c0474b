// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/token.hpp"

namespace kpipe {

/// What a token says of itself when it is a JSON Web Token (RFC 7519). Read, not verified: that is
/// the broker's part.
struct TokenClaims {
  std::optional<std::int64_t> expires_at_ms;
  std::string subject;
};

/// nullopt: an opaque token.
std::optional<TokenClaims> token_claims(std::string_view token);

/// The token in `text`, which is the token itself or the JSON of a token server (RFC 6749 5.1).
/// It lives for `expires_in` from `now_ms` on (a little less where the token itself says so), or
/// else as long as the token itself says, or else for `otherwise`. Throws Error(config), with
/// `where` before it, when there is none, and Error(no_permission) when it says that it has
/// expired.
AccessToken parse_token(std::string_view text, const std::string& where, std::int64_t now_ms,
                        std::chrono::milliseconds otherwise);

}  // namespace kpipe
