// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/secret.hpp"
#include "common/http/http_client.hpp"
#include "common/http/percent.hpp"

namespace kpipe {

// AWS Signature Version 4, as "Signature Version 4 for API requests" of the IAM User Guide has it.
// Pure: the time is an argument.

struct AwsCredentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token;                       ///< empty: long-lived keys
  std::optional<std::int64_t> expires_at_ms;  ///< since the epoch; nullopt: do not expire
};

/// What a signature is good for.
struct AwsScope {
  std::string region;
  std::string service;
  std::int64_t now_s = 0;  ///< since the epoch
};

struct AwsRequest {
  std::string method = "GET";
  std::string host;  ///< as the Host header has it
  std::string path = "/";
  Fields query;
  std::vector<HttpHeader> headers;  ///< more headers to sign
  std::string body;
};

/// The address that carries its signature in its query, which ends with it.
std::string presigned_url(const AwsRequest& request, const AwsCredentials& credentials,
                          const AwsScope& scope, std::chrono::seconds valid_for);

/// The headers that sign a request, to be sent with those of `request`: X-Amz-Date,
/// X-Amz-Security-Token for temporary credentials, Authorization.
std::vector<HttpHeader> signature_headers(const AwsRequest& request,
                                          const AwsCredentials& credentials, const AwsScope& scope);

}  // namespace kpipe
