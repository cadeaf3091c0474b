// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/schema/confluent_answer.hpp"
#include "common/schema/registry_options.hpp"
#include "common/schema/schema_source.hpp"

namespace kpipe {

/// Schemas by Confluent's API, from the first address that answers. What a schema refers to is
/// fetched with it, each version once.
class ConfluentRegistry final : public SchemaSource {
 public:
  ConfluentRegistry(RegistryOptions options, SendHttp send);

  SchemaAnswer schema(const SchemaId& id, const std::atomic<bool>& cancelled) override;
  SchemaAnswer latest(const std::string& subject, const std::atomic<bool>& cancelled) override;

 private:
  using Version = std::pair<std::string, std::string>;  ///< subject and version
  struct Collected;

  ConfluentAnswer get(const std::string& path, const std::atomic<bool>& cancelled);
  ConfluentAnswer get_from(std::size_t index, const std::string& path,
                           const std::atomic<bool>& cancelled);
  std::vector<HttpHeader> headers() const;
  std::string refused_remedy() const;
  SchemaAnswer complete(const ConfluentAnswer& answer, const std::atomic<bool>& cancelled);
  std::string collect(const ConfluentAnswer& answer, Collected& collected,
                      const std::atomic<bool>& cancelled);

  const RegistryOptions options_;
  const SendHttp send_;
  std::size_t preferred_ = 0;  ///< of the addresses: the one that answered last
  bool answered_ = false;      ///< any of them, ever
  std::map<Version, std::shared_ptr<const ConfluentAnswer>> versions_;
};

}  // namespace kpipe
