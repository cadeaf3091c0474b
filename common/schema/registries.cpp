// SPDX-License-Identifier: Apache-2.0
#include "common/schema/registries.hpp"

#include "common/auth/aws_credentials.hpp"
#include "common/auth/aws_region.hpp"
#include "common/base/clock.hpp"
#include "common/schema/confluent_registry.hpp"
#include "common/schema/fetching_registry.hpp"
#include "common/schema/glue_registry.hpp"

namespace kpipe {
namespace {

/// A schema is kilobytes; with all its references it may be more.
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

SendHttp over_http(const HttpOptions& options) {
  auto client = std::make_shared<HttpClient>(options);
  return [client](const HttpRequest& request, const std::atomic<bool>& cancelled) {
    return client->send(request, &cancelled);
  };
}

std::unique_ptr<SchemaSource> make_source(RegistryOptions options) {
  SendHttp send = over_http(options.http);
  if (options.kind == RegistryOptions::Kind::confluent)
    return std::make_unique<ConfluentRegistry>(std::move(options), std::move(send));
  if (options.endpoint.empty()) options.endpoint = aws_service_url("glue", options.region);
  auto chain =
      std::make_shared<AwsCredentialChain>(options.aws_profile, options.region, options.http);
  return std::make_unique<GlueRegistry>(
      std::move(options), std::move(send),
      [chain](const std::atomic<bool>& cancelled) { return chain->get(cancelled); },
      [] { return wall_clock_ms() / 1000; });
}

}  // namespace

std::unique_ptr<SchemaRegistry> make_registry(RegistryOptions options) {
  const std::chrono::milliseconds timeout = options.timeout;
  options.http.max_body = kMostBytes;
  options.http.timeout = timeout;
  options.http.connect_timeout = std::min(options.http.connect_timeout, timeout);
  return std::make_unique<FetchingRegistry>(make_source(std::move(options)), timeout);
}

}  // namespace kpipe
