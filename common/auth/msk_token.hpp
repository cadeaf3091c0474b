// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "common/auth/sigv4.hpp"
#include "common/auth/token.hpp"

namespace kpipe {

/// "kpipe/VERSION"
std::string msk_user_agent();

/// The token that Amazon MSK takes for IAM (OAUTHBEARER): a signed request to connect, the same as
/// that of AWS's own aws-msk-iam-sasl-signer. Good for 15 minutes, less if the credentials end
/// before. Its host ends in amazonaws.com also in China, as AWS's signers have it.
AccessToken msk_token(const AwsCredentials& credentials, const std::string& region,
                      std::int64_t now_s, const std::string& user_agent);

}  // namespace kpipe
