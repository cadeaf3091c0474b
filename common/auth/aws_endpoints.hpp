// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/auth/sigv4.hpp"
#include "common/base/error.hpp"
#include "common/http/http_client.hpp"

namespace kpipe {

// Where Amazon gives out temporary credentials. All throw Error with the address and the answer's
// words: no_permission (refused), unavailable (no connection), config (an answer that is none).

/// What each of these calls needs.
struct AwsCall {
  HttpOptions http;    ///< for STS; metadata endpoints are asked without a proxy and TLS settings
  std::string region;  ///< whose STS is asked
  const std::atomic<bool>& cancelled;
};

/// A role to take on.
struct AwsRole {
  std::string arn;
  std::string session_name;  ///< empty: "kpipe"
  std::string external_id;   ///< empty: not sent
  std::string duration_s;    ///< empty: the service's default, an hour
};

/// STS AssumeRole, asked with other credentials.
AwsCredentials assume_role(const AwsRole& role, const AwsCredentials& by, const AwsCall& call);

/// STS AssumeRoleWithWebIdentity, with a token that Kubernetes or another provider has put into a
/// file; it is read anew each time.
AwsCredentials assume_role_by_token_file(const AwsRole& role, const std::string& token_file,
                                         const AwsCall& call);

/// The endpoint of a container (ECS, EKS Pod Identity): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
/// _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or _TOKEN.
bool has_container_endpoint();
AwsCredentials container_credentials(const AwsCall& call);

/// The metadata of an EC2 instance (IMDSv2), at AWS_EC2_METADATA_SERVICE_ENDPOINT where that is
/// set; not with AWS_EC2_METADATA_DISABLED=true.
bool has_instance_endpoint();
AwsCredentials instance_credentials(const AwsCall& call);

/// Credentials as these endpoints and credential_process write them: JSON with AccessKeyId,
/// SecretAccessKey, Token or SessionToken, Expiration (RFC 3339). Throws Error(config).
AwsCredentials parse_aws_credentials(std::string_view json, const std::string& where);

/// The same from an answer of STS, which is XML.
AwsCredentials parse_sts_answer(std::string_view xml, const std::string& where);

/// Whether a container endpoint may be asked over plain http: on this machine, or at the addresses
/// that Amazon has for it.
bool is_container_host(std::string_view host);

}  // namespace kpipe
