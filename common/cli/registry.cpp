// SPDX-License-Identifier: Apache-2.0
#include "common/cli/registry.hpp"

#include "common/cli/connection.hpp"

namespace kpipe {

void declare_registry(ToolApp& app, ConnectionOptions& options) {
  const auto declare = [&](const std::string& name, const std::string& property,
                           const std::string& type, const std::string& help) {
    add_property_option(app.app(), options, name, property, type, help);
  };
  declare("--registry-url", "schema.registry.url", "URL,...",
          "The schema registry, with Confluent's API (Apicurio: .../apis/ccompat/v7); of several "
          "addresses of one, the next is asked when one fails.");
  declare("--registry", "schema.registry.type", "KIND",
          "confluent (default), or glue: AWS Glue, with AWS's credentials in the region that "
          "-X aws.region, the brokers' names or AWS_REGION say.");
  declare("--registry-auth", "schema.registry.auth", "REF",
          "Where user:password for the registry is, or a token, which has no colon: file:PATH, "
          "env:NAME or cred:NAME.");
  declare("--registry-ca", "schema.registry.ssl.ca.location", "FILE",
          "Certificates of the authorities to trust for the registry, PEM. Default: the system's.");
}

}  // namespace kpipe
