// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/options.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

#include "common/base/error.hpp"
#include "common/cli/app.hpp"

namespace kpipe {
namespace {

/// Every user of the machine can read a command line.
void check_dsn(const std::string& dsn) {
  if (dsn.empty()) return;
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), &problem), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned_problem(problem, PQfreemem);
  if (parsed == nullptr) {
    std::string reason = problem != nullptr ? problem : "out of memory";
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    throw Error(Exit::usage,
                "--dsn: " + reason +
                    ". Write 'host=db dbname=wh', 'service=wh' or postgresql://user@host/db");
  }
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if ((keyword == "password" || keyword == "sslpassword") && option->val != nullptr &&
        *option->val != '\0') {
      throw Error(
          Exit::usage,
          "--dsn: holds a " + std::string(keyword) +
              ", which every user of the machine can read. Give it by ~/.pgpass, PGPASSFILE, a "
              "service file (service=NAME) or PGPASSWORD");
    }
  }
}

}  // namespace

ParsedPgSinkOptions parse_pg_sink_options(int argc, const char* const* argv) {
  ParsedPgSinkOptions parsed;
  PgSinkOptions& options = parsed.options;
  ToolApp tool("ksink-pg", "store records from stdin in a PostgreSQL table, exactly once");
  CLI::App& app = tool.app();
  std::string table;
  std::string columns;
  std::string strategy = "append";
  app.add_option("--dsn", options.dsn,
                 "Where to connect: a libpq connection string or URI, without a password. Default: "
                 "libpq's environment "
                 "(PGHOST, PGSERVICE, ...).")
      ->type_name("DSN");
  app.add_option("--table", table,
                 "Table that takes the rows: TABLE or SCHEMA.TABLE, quoted as in SQL.")
      ->type_name("NAME")
      ->required();
  app.add_option("--strategy", strategy,
                 "How rows are stored: append (default) adds each record as a row.")
      ->type_name("NAME")
      ->check(CLI::IsMember({"append"}));
  app.add_flag(
      "--create-table,!--no-create-table", options.create_table,
      "Create the table with the first batch if it is missing (default), or stop with status 66.");
  CLI::Option* const columns_option =
      app.add_option("--columns", columns,
                     "Columns to fill, and to create the table with: 'id bigint, total "
                     "numeric(10,2)'. One name alone is "
                     "a jsonb column that takes each record's whole value. Default: the table's "
                     "columns, or inferred "
                     "from the first batch.")
          ->type_name("LIST");
  tool.add_duration(
      "--retry-for", options.retry_for,
      "How long to try again while the database is away before giving up (default 5m).");
  app.add_flag(
      "--print-offsets", options.print_offsets,
      "Print what is stored as checkpoint lines and exit; reads no input and changes nothing.");
  tool.add_sink_options(options.sink);
  parsed.exit = tool.parse(argc, argv);
  if (parsed.exit) return parsed;
  check_dsn(options.dsn);
  options.table = parse_table_name(table);
  if (columns_option->count() > 0) options.columns = parse_columns(columns);
  return parsed;
}

}  // namespace kpipe
