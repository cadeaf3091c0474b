// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/options.hpp"

#include <libpq-fe.h>

#include <limits>
#include <memory>
#include <string_view>

#include "common/base/error.hpp"
#include "common/cli/app.hpp"
#include "tools/ksink-pg/aside_name.hpp"
#include "tools/ksink-pg/conninfo.hpp"

namespace kpipe {
namespace {

/// Every user of the machine can read a command line.
void check_dsn(const std::string& dsn) {
  if (dsn.empty()) return;
  char* problem = nullptr;
  const ConnectionOptions parsed(PQconninfoParse(dsn.c_str(), &problem));
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

RowPolicy row_policy(const std::string& strategy, const std::string& primary_key,
                     const std::string& on_null) {
  RowPolicy policy;
  policy.strategy = strategy == "merge"    ? Strategy::merge
                    : strategy == "ignore" ? Strategy::ignore
                                           : Strategy::append;
  if (!primary_key.empty()) policy.key = parse_primary_key(primary_key);
  // A table that is filled anew has one row of each key when later records change it.
  if (strategy == "replace" && policy.key.given()) policy.strategy = Strategy::merge;
  const bool merge = policy.strategy == Strategy::merge;
  if (merge && !policy.key.given()) {
    throw Error(Exit::usage,
                "--strategy merge: needs --primary-key COLUMNS, or --primary-key key for the "
                "record's key");
  }
  if (on_null == "delete" && !merge)
    throw Error(Exit::usage,
                "--on-null delete: needs --strategy merge, or replace with "
                "--primary-key");
  const bool removes = on_null.empty() ? merge && policy.key.of_record : on_null == "delete";
  policy.on_null = removes               ? OnNull::remove
                   : on_null == "insert" ? OnNull::insert
                   : on_null == "fail"   ? OnNull::fail
                                         : OnNull::skip;
  return policy;
}

/// What makes no sense with --strategy replace, or without it.
void check_replace(const PgSinkOptions& options) {
  const auto refuse = [](const char* what) { throw Error(Exit::usage, what); };
  if (!options.replace) {
    if (options.replace_at_eof) refuse("--replace-at-eof: needs --strategy replace");
    if (options.allow_empty) refuse("--allow-empty: needs --strategy replace");
    return;
  }
  if (options.sink.sink_id.ends_with(kAsideSinkSuffix))
    refuse("--sink-id: names that end in ' (replace)' are those of runs of --strategy replace");
}

/// --table, --allow-topics and --sink-id.
void take_tables(const std::string& table, const std::vector<std::string>& topics,
                 PgSinkOptions& options) {
  const bool many = table.find(kTopicPlace) != std::string::npos;
  if (many && topics.empty())
    throw Error(Exit::usage,
                "--table: {topic} needs --allow-topics LIST: a topic's name comes with the data, "
                "and must not choose any table");
  if (!many && !topics.empty())
    throw Error(Exit::usage, "--allow-topics: needs {topic} in --table. Example: 'raw.{topic}'");
  if (many) {
    options.topics = topic_tables(table, options.sink.sink_id, topics);
    options.topic_model = options.sink.sink_id.empty() ? table : options.sink.sink_id;
  } else {
    options.table = parse_table_name(table);
  }
}

/// "fail", "file:PATH", "table:NAME"
RejectOptions reject_options(const std::string& text) {
  RejectOptions options;
  constexpr std::string_view kFile = "file:";
  constexpr std::string_view kTable = "table:";
  if (text.starts_with(kTable)) {
    options.table = parse_table_name(text.substr(kTable.size()), "--rejects");
  } else if (text.starts_with(kFile)) {
    options.file = text.substr(kFile.size());
  }
  if (!options.set_aside() && text != "fail") {
    throw Error(Exit::usage, "--rejects: '" + text + "': expected fail, file:PATH or table:NAME");
  }
  return options;
}

/// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=,+";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

}  // namespace

ParsedPgSinkOptions parse_pg_sink_options(int argc, const char* const* argv) {
  ParsedPgSinkOptions parsed;
  PgSinkOptions& options = parsed.options;
  ToolApp tool("ksink-pg", "store records from stdin in a PostgreSQL table, exactly once");
  CLI::App& app = tool.app();
  std::string table;
  std::vector<std::string> allow_topics;
  std::string columns;
  std::string strategy = "append";
  std::string primary_key;
  std::string on_null;
  std::string evolve;
  bool metadata_columns = false;
  std::string nul = "reject";
  std::string rejects = "fail";
  std::int64_t max_rejects = 0;
  app.add_option("--dsn", options.dsn,
                 "Where to connect: a libpq connection string or URI, without a password. Default: "
                 "libpq's environment "
                 "(PGHOST, PGSERVICE, ...).")
      ->type_name("DSN");
  app.add_option("--table", table,
                 "Table that takes the rows: TABLE or SCHEMA.TABLE, quoted as in SQL. With {topic} "
                 "in it each topic of --allow-topics has a table of its own.")
      ->type_name("NAME")
      ->required();
  app.add_option("--allow-topics", allow_topics,
                 "The topics that --table NAME{topic} is for, with commas in between. A record of "
                 "any other stops with status 65.")
      ->type_name("LIST")
      ->delimiter(',');
  app.add_option("--strategy", strategy,
                 "How rows are stored: append (default) adds each record as a row; ignore leaves a "
                 "record out whose row is there, by any unique index; merge makes or changes the "
                 "row of --primary-key; replace puts the rows of a whole run in the place of all "
                 "that are there, at its end.")
      ->type_name("NAME")
      ->check(CLI::IsMember({"append", "ignore", "merge", "replace"}));
  app.add_flag("--replace-at-eof", options.replace_at_eof,
               "With --strategy replace: the end of a pipe counts as the end of the run where no "
               "kconsume says so. A producer that dies then looks like one that is done.");
  app.add_flag("--allow-empty", options.allow_empty,
               "With --strategy replace: a run that brings no row empties the table. Without it "
               "such a run stops with status 65.");
  app.add_option(
         "--primary-key", primary_key,
         "Columns that tell rows apart: 'id' or 'region,id'; or key: the record's key fills "
         "the table's primary key, as text or, of a JSON object, field by field. A table "
         "that is created gets it as its primary key.")
      ->type_name("COLUMNS");
  app.add_option("--on-null", on_null,
                 "What to do with a tombstone, a record whose value is null: skip, delete the row "
                 "of its key, insert a row of nulls, fail with status 65. Default: delete with "
                 "--primary-key key and --strategy merge or replace, otherwise skip.")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"skip", "delete", "insert", "fail"}));
  app.add_flag(
      "--create-table,!--no-create-table", options.create_table,
      "Create the table with the first batch if it is missing (default), or stop with status 66.");
  app.add_flag("--metadata-columns", metadata_columns,
               "Fill the columns _kafka_topic, _kafka_partition, _kafka_offset, _kafka_timestamp, "
               "_kafka_key and _kafka_headers, those of them that the table has. A table that is "
               "created gets all.");
  CLI::Option* const columns_option =
      app.add_option("--columns", columns,
                     "Columns to fill, and to create the table with: 'id bigint, total "
                     "numeric(10,2) = value.order.total'. One name alone is "
                     "a jsonb column that takes each record's whole value. Default: the table's "
                     "columns, or inferred "
                     "from the first batch.")
          ->type_name("LIST");
  app.add_option("--evolve", evolve,
                 "What to do with a field that has no column: none (default) refuses its record; "
                 "add adds a column to the table, of the type of the batch's values.")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"none", "add"}));
  app.add_option("--nul", nul,
                 "What becomes of U+0000, which PostgreSQL cannot hold, in texts and JSON: reject "
                 "(default) stops with status 65, strip leaves it out, replace puts U+FFFD in its "
                 "place.")
      ->type_name("POLICY")
      ->check(CLI::IsMember({"reject", "strip", "replace"}));
  app.add_option("--rejects", rejects,
                 "What becomes of a record that cannot become a row: fail (default) stops with "
                 "status 65; file:PATH appends it to a file, table:NAME stores it in a table, with "
                 "the reason, and the run goes on.")
      ->type_name("WHERE");
  CLI::Option* const max_rejects_option = tool.add_integer(
      "--max-rejects", max_rejects, 0, std::numeric_limits<std::int64_t>::max(),
      "How many records a run may set aside; the next stops it with status 65. Default: any "
      "number.");
  tool.add_duration(
      "--retry-for", options.retry_for,
      "How long to try again while the database is away before giving up (default 5m).");
  CLI::Option* const print_offsets = app.add_flag(
      "--print-offsets", options.print_offsets,
      "Print what is stored as checkpoint lines and exit; reads no input and changes nothing.");
  CLI::Option* const set_offsets =
      app.add_flag("--set-offsets", options.set_offsets,
                   "Set the stored offsets of the partitions that checkpoint lines on stdin name, "
                   "and exit. Stop the pipeline first.")
          ->excludes(print_offsets);
  CLI::Option* const forget =
      app.add_flag("--forget", options.forget,
                   "Forget the stored offsets of this sink, and exit; rows stay. Stop the pipeline "
                   "first.")
          ->excludes(print_offsets)
          ->excludes(set_offsets);
  app.add_flag("--dry-run", options.dry_run,
               "Do with the first batch all that would be done, undo it, print the statement that "
               "makes or alters the table, and exit. Nothing is stored or acknowledged.")
      ->excludes(print_offsets)
      ->excludes(set_offsets)
      ->excludes(forget);
  tool.add_sink_options(options.sink);
  parsed.exit = tool.parse(argc, argv);
  if (parsed.exit) return parsed;
  check_dsn(options.dsn);
  take_tables(table, allow_topics, options);
  options.rows = row_policy(strategy, primary_key, on_null);
  options.replace = strategy == "replace";
  options.rows.metadata_columns = metadata_columns;
  options.rows.evolve = evolve == "add";
  if (options.rows.evolve && columns_option->count() > 0)
    throw Error(Exit::usage, "--evolve add: --columns says which columns there are. Leave one out");
  check_replace(options);
  if (options.replace && !options.topics.empty())
    throw Error(Exit::usage,
                "--strategy replace: replaces the rows of one table a run. Leave {topic} out of "
                "--table, and run once for each topic");
  if (nul != "reject") options.nul = nul == "strip" ? NulPolicy::strip : NulPolicy::replace;
  options.rejects = reject_options(rejects);
  if (max_rejects_option->count() > 0) {
    if (!options.rejects.set_aside())
      throw Error(Exit::usage,
                  "--max-rejects: needs --rejects file:PATH or table:NAME. Without it the first "
                  "refused record ends the run");
    options.rejects.most = static_cast<std::uint64_t>(max_rejects);
  }
  if (columns_option->count() > 0) options.columns = parse_columns(columns);
  return parsed;
}

std::string forget_command(const PgSinkOptions& options) {
  std::string command = "ksink-pg";
  if (!options.dsn.empty()) command += " --dsn " + shell_word(options.dsn);
  command += " --table " + shell_word(typed_name(options.table));
  if (!options.sink.sink_id.empty()) command += " --sink-id " + shell_word(options.sink.sink_id);
  return command + " --forget";
}

}  // namespace kpipe
