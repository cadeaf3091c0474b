// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/options.hpp"
#include "tools/ksink-pg/copy_text.hpp"
#include "tools/ksink-pg/names.hpp"
#include "tools/ksink-pg/reject_options.hpp"
#include "tools/ksink-pg/topic_tables.hpp"

namespace kpipe {

/// The command line of ksink-pg.
struct PgSinkOptions {
  std::string dsn;  ///< libpq connection string or URI; empty: libpq's environment
  QualifiedName table;
  std::vector<TopicTable> topics;  ///< --table with {topic}: instead of `table`
  std::string topic_model;         ///< --table as it was typed then, for people
  bool create_table = true;
  std::vector<ColumnDefinition> columns;  ///< empty: the table's, or inferred
  RowPolicy rows;
  /// --strategy replace: `rows` says how the table aside is filled.
  bool replace = false;
  bool replace_at_eof = false;
  bool allow_empty = false;
  NulPolicy nul = NulPolicy::reject;
  RejectOptions rejects;
  std::chrono::milliseconds retry_for{std::chrono::minutes(5)};
  // At most one of these commands; they store no records.
  bool print_offsets = false;
  bool set_offsets = false;
  bool forget = false;
  bool dry_run = false;
  SinkOptions sink;
};

/// Either options, or the exit status when --help and the like were all that was asked for. Throws
/// Error (usage).
struct ParsedPgSinkOptions {
  PgSinkOptions options;
  std::optional<int> exit;
};
ParsedPgSinkOptions parse_pg_sink_options(int argc, const char* const* argv);

/// The command line that makes this sink forget its offsets, for messages: in SQL's and the
/// shell's quotes where these are needed.
std::string forget_command(const PgSinkOptions& options);

}  // namespace kpipe
