// SPDX-License-Identifier: Apache-2.0
#include "common/cli/connection.hpp"

namespace kpipe {

void add_connection_options(ToolApp& app, ConnectionOptions& options) {
  app.app()
      .add_option("-b,--bootstrap-servers", options.bootstrap_servers,
                  "Brokers to start from. Default: $KPIPE_BOOTSTRAP_SERVERS.")
      ->envname("KPIPE_BOOTSTRAP_SERVERS")
      ->type_name("HOST:PORT,...");
  app.app()
      .add_option("-X", options.properties, "A librdkafka property; may be repeated.")
      ->type_name("NAME=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1)
      ->take_all();
  app.add_duration("--timeout", options.timeout,
                   "Longest wait for an answer of the brokers (default 10s).");
}

}  // namespace kpipe
