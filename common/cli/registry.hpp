// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/cli/app.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {

/// Declares --registry-url, --registry, --registry-auth and --registry-ca. They are properties of
/// the connection (schema.registry.*), like those of profiles and -X: registry_options() of
/// common/kafka reads them all, and --show-config lists them. Both must outlive the parsing.
void declare_registry(ToolApp& app, ConnectionOptions& options);

}  // namespace kpipe
