// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/auth/sigv4.hpp"
#include "common/schema/glue_answer.hpp"
#include "common/schema/registry_options.hpp"
#include "common/schema/schema_source.hpp"

namespace kpipe {

/// Schemas of AWS Glue's registry, by its action GetSchemaVersion.
class GlueRegistry final : public SchemaSource {
 public:
  using Credentials = std::function<AwsCredentials(const std::atomic<bool>& cancelled)>;
  using Clock = std::function<std::int64_t()>;  ///< seconds since the epoch

  /// `credentials` and `clock` sign each request.
  GlueRegistry(RegistryOptions options, SendHttp send, Credentials credentials, Clock clock);

  SchemaAnswer schema(const SchemaId& id, const std::atomic<bool>& cancelled) override;
  /// `name` is a schema's, in the registry of the options.
  SchemaAnswer latest(const std::string& name, const std::atomic<bool>& cancelled) override;

 private:
  SchemaAnswer ask(const std::string& body, const std::atomic<bool>& cancelled);
  HttpRequest signed_request(const std::string& body, const std::atomic<bool>& cancelled) const;

  const RegistryOptions options_;
  const SendHttp send_;
  const Credentials credentials_;
  const Clock clock_;
  bool answered_ = false;
};

}  // namespace kpipe
