// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/run.hpp"

#include "tools/kgroups/brokers.hpp"
#include "tools/kgroups/check.hpp"
#include "tools/kgroups/connections.hpp"
#include "tools/kgroups/delete.hpp"
#include "tools/kgroups/options.hpp"
#include "tools/kgroups/report.hpp"
#include "tools/kgroups/topics.hpp"

namespace kpipe {
namespace {

using namespace kgroups;

Exit run(Client& client, const Options& options) {
  if (options.command == Command::topics) return run_topics(client, options);
  if (options.command == Command::brokers) return run_brokers(client, options);
  if (options.command == Command::delete_groups) return run_delete(client, options);
  Report report(client, options);
  return options.watch ? report.watch() : report.once();
}

}  // namespace

int kgroups_main(int argc, const char* const* argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  if (options.command == Command::connections) return static_cast<int>(run_connections(options));
  // It must say why there is no connection, when there is none.
  if (options.command == Command::check) return static_cast<int>(run_check(options));
  Client client(visitor_config("kgroups", options.connection), RD_KAFKA_PRODUCER);
  return static_cast<int>(run(client, options));
}

}  // namespace kpipe
