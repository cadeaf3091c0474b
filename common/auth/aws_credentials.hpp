// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "common/auth/sigv4.hpp"
#include "common/http/http_client.hpp"

namespace kpipe {

/// Finds AWS credentials where the SDKs do, in this order: the environment (AWS_ACCESS_KEY_ID ...),
/// a web identity (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN), the profile, the endpoint of a
/// container, the metadata of an instance. A profile that is named is the only place. In a profile:
/// role_arn (with source_profile, credential_source or web_identity_token_file), keys,
/// credential_process, which is a command line for /bin/sh.
class AwsCredentialChain {
 public:
  /// `profile` empty: AWS's default. STS is asked in `region`, under the settings of `http`.
  AwsCredentialChain(std::string profile, std::string region, HttpOptions http);

  /// Temporary credentials are kept until 5 minutes before their end, all else is looked up again.
  /// Throws Error: config when there are none, else as aws_endpoints.hpp says.
  AwsCredentials get(const std::atomic<bool>& cancelled);

 private:
  AwsCredentials find(const std::atomic<bool>& cancelled) const;

  std::string profile_;
  std::string region_;
  HttpOptions http_;
  std::optional<AwsCredentials> kept_;
};

}  // namespace kpipe
