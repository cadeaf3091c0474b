// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "common/base/error.hpp"
#include "common/http/http_client.hpp"
#include "common/schema/registry.hpp"

namespace kpipe {

/// A registry that did not answer, or asks for time: the same question later may be answered.
class RegistryOutage : public Error {
 public:
  explicit RegistryOutage(const std::string& message, std::chrono::seconds retry_after = {})
      : Error(Exit::unavailable, message), retry_after_(retry_after) {}

  /// What the registry itself asks us to wait; 0: it does not say.
  std::chrono::seconds retry_after() const noexcept { return retry_after_; }

 private:
  std::chrono::seconds retry_after_;
};

/// How a source asks; a test answers in place of a server. Throws what HttpClient throws.
using SendHttp =
    std::function<HttpResponse(const HttpRequest& request, const std::atomic<bool>& cancelled)>;

/// One kind of registry, asked for one schema at a time: blocks, knows no thread and keeps nothing
/// but what never changes. Answers are `ready` or `missing`. Throws RegistryOutage, or Error
/// (no_permission, config) when the registry refuses us or is none.
class SchemaSource {
 public:
  virtual ~SchemaSource() = default;

  virtual SchemaAnswer schema(const SchemaId& id, const std::atomic<bool>& cancelled) = 0;
  virtual SchemaAnswer latest(const std::string& subject, const std::atomic<bool>& cancelled) = 0;
};

}  // namespace kpipe
