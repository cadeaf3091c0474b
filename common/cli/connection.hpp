// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/cli/app.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {

/// -b, -X and --timeout, the same in every tool that talks to Kafka. -b falls back to the
/// environment variable KPIPE_BOOTSTRAP_SERVERS.
void add_connection_options(ToolApp& app, ConnectionOptions& options);

}  // namespace kpipe
