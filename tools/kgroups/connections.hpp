// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "common/config/config.hpp"

namespace kpipe::kgroups {

struct Options;

/// One line of `kgroups connections`: nothing in it is secret.
struct ConnectionRow {
  Connection connection;
  std::vector<Setting> properties;  ///< with those of its secrets, values masked
  std::string error;                ///< why these are not known
};

/// One row a connection, by name.
std::vector<ConnectionRow> make_connection_rows(const Config& config);

/// {"connection","brokers","security_protocol","sasl_mechanism","group_id","purpose","tags",
/// "description","secrets","properties","origin","error"}, or a table of these.
void append_connection_rows(OutBuffer& out, const std::vector<ConnectionRow>& rows,
                            OutputFormat format, bool colours = false);

/// Reads the configuration and writes the rows; opens no connection. Throws Error(config).
Exit run_connections(const Options& options);

}  // namespace kpipe::kgroups
