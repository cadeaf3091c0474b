// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "common/base/secret.hpp"
#include "common/http/http_client.hpp"

namespace kpipe {

/// How to reach a schema registry.
struct RegistryOptions {
  enum class Kind {
    confluent,  ///< Confluent's API: also Apicurio (at /apis/ccompat/v7), Karapace, Redpanda
    glue        ///< AWS Glue
  };
  Kind kind = Kind::confluent;

  /// Addresses of one Confluent registry, without user and password: when one fails, the next is
  /// asked.
  std::vector<std::string> urls;
  /// "user:password" and a token, one of them or none. Looked up anew for each request: what they
  /// refer to may be replaced while we run.
  std::function<Secret()> user_info;
  std::function<Secret()> bearer_token;

  std::string region;         ///< of Glue
  std::string aws_profile;    ///< empty: AWS's default
  std::string endpoint;       ///< in place of Glue's address in the region
  std::string registry_name;  ///< where Glue looks for the latest schema; empty: default-registry

  HttpOptions http;
  /// How long an outage may last before the registry has answered at all.
  std::chrono::milliseconds timeout{10'000};
};

}  // namespace kpipe
