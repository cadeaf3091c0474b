// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/base/error.hpp"
#include "tools/ksink-pg/options.hpp"

namespace kpipe {
namespace {

PgSinkOptions parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "ksink-pg");
  return parse_pg_sink_options(static_cast<int>(arguments.size()), arguments.data()).options;
}

std::string refusal(const std::vector<const char*>& arguments) {
  try {
    parse(arguments);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    return error.what();
  }
  return "accepted";
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

std::string table(std::string_view text) {
  try {
    const QualifiedName name = parse_table_name(text);
    return name.schema + "|" + name.table;
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    return "refused";
  }
}

std::string columns(std::string_view text) {
  try {
    std::string all;
    for (const ColumnDefinition& column : parse_columns(text))
      all += column.name + "|" + column.type + ";";
    return all;
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    return "refused";
  }
}

TEST(KsinkPgNames, tables_follow_sql) {
  EXPECT_EQ(table("orders"), "|orders");
  EXPECT_EQ(table("Sales.Orders_2"), "sales|orders_2");
  EXPECT_EQ(table("sales.\"My \"\"Orders\"\".x\""), "sales|My \"Orders\".x");
  EXPECT_EQ(table("\"a.b\".c"), "a.b|c");
  EXPECT_EQ(table("bestellungen_ü"), "|bestellungen_ü");
  for (const char* bad : {"", ".", "a.", ".a", "a.b.c", "a b", "1a", "a;drop table b", "\"a",
                          "\"\"", "a\"b\"", "a-b"}) {
    EXPECT_EQ(table(bad), "refused") << bad;
  }
  EXPECT_EQ(table(std::string(63, 'x')), "|" + std::string(63, 'x'));
  EXPECT_EQ(table(std::string(64, 'x')), "refused");
}

TEST(KsinkPgNames, columns_follow_sql) {
  EXPECT_EQ(columns("id bigint, Total  numeric(10,2) ,\"At, then\" timestamp with time zone"),
            "id|bigint;total|numeric(10,2);At, then|timestamp with time zone;");
  EXPECT_EQ(columns("tags text[], kind sales.\"Kind\""), "tags|text[];kind|sales.\"Kind\";");
  EXPECT_EQ(columns("value"), "value|;");
  for (const char* bad :
       {"", "id bigint,", "a, b", "id bigint, b", "id bigint, id text", "id int); drop table x; --",
        "id int -- x", "id int /* x", "id 'x'", "1 int", "id(3)"}) {
    EXPECT_EQ(columns(bad), "refused") << bad;
  }
}

TEST(KsinkPgNames, keys_follow_sql) {
  EXPECT_EQ(parse_primary_key("id").columns, (std::vector<std::string>{"id"}));
  EXPECT_EQ(parse_primary_key(" Region , \"Id\"").columns,
            (std::vector<std::string>{"region", "Id"}));
  EXPECT_FALSE(parse_primary_key("\"key\"").of_record) << "a column of that name";
  EXPECT_EQ(parse_primary_key("\"key\"").columns, (std::vector<std::string>{"key"}));
  EXPECT_TRUE(parse_primary_key("key").of_record);
  EXPECT_TRUE(parse_primary_key("KEY").columns.empty());
  for (const char* const wrong : {"", "id,", "id id", "id;", "a,a", "key,id", "id bigint", "\"a"})
    EXPECT_THROW(parse_primary_key(wrong), Error) << wrong;
}

TEST(KsinkPgOptions, defaults) {
  const PgSinkOptions options = parse({"--table", "orders"});
  EXPECT_EQ(options.table.table, "orders");
  EXPECT_TRUE(options.create_table);
  EXPECT_TRUE(options.columns.empty());
  EXPECT_TRUE(options.dsn.empty());
  EXPECT_FALSE(options.print_offsets);
  EXPECT_EQ(options.retry_for, std::chrono::minutes(5));
  EXPECT_EQ(options.nul, NulPolicy::reject);
}

TEST(KsinkPgOptions, replace_fills_a_table_as_append_or_by_a_key_as_merge) {
  PgSinkOptions options = parse({"--table", "t", "--strategy", "replace"});
  EXPECT_TRUE(options.replace && !options.allow_empty && !options.replace_at_eof);
  EXPECT_EQ(options.rows.strategy, Strategy::append);
  EXPECT_EQ(options.rows.on_null, OnNull::skip);
  options = parse({"--table", "t", "--strategy", "replace", "--primary-key", "key", "--allow-empty",
                   "--replace-at-eof"});
  EXPECT_TRUE(options.replace && options.allow_empty && options.replace_at_eof);
  EXPECT_EQ(options.rows.strategy, Strategy::merge);
  EXPECT_EQ(options.rows.on_null, OnNull::remove);
  EXPECT_FALSE(parse({"--table", "t"}).replace);
}

TEST(KsinkPgOptions, nul) {
  EXPECT_EQ(parse({"--table", "t", "--nul", "reject"}).nul, NulPolicy::reject);
  EXPECT_EQ(parse({"--table", "t", "--nul", "strip"}).nul, NulPolicy::strip);
  EXPECT_EQ(parse({"--table", "t", "--nul", "replace"}).nul, NulPolicy::replace);
  expect_in(refusal({"--table", "t", "--nul", "keep"}), "--nul");
}

TEST(KsinkPgOptions, rejects) {
  EXPECT_FALSE(parse({"--table", "t"}).rejects.set_aside());
  EXPECT_FALSE(parse({"--table", "t", "--rejects", "fail"}).rejects.set_aside());
  EXPECT_EQ(parse({"--table", "t", "--rejects", "file:bad.ndjson"}).rejects.file, "bad.ndjson");
  const RejectOptions table =
      parse({"--table", "t", "--rejects", "table:s.\"Bad\"", "--max-rejects", "7"}).rejects;
  EXPECT_EQ(display_name(table.table), "s.Bad");
  EXPECT_EQ(table.most, 7U);
  EXPECT_EQ(parse({"--table", "t", "--rejects", "table:bad", "--max-rejects", "0"}).rejects.most,
            0U);
  expect_in(refusal({"--table", "t", "--rejects", "bad.ndjson"}), "file:PATH");
  expect_in(refusal({"--table", "t", "--rejects", "file:"}), "file:PATH");
  expect_in(refusal({"--table", "t", "--rejects", "table:a b"}), "--rejects: 'a b'");
  expect_in(refusal({"--table", "t", "--max-rejects", "7"}), "needs --rejects");
  expect_in(refusal({"--table", "t", "--rejects", "fail", "--max-rejects", "7"}),
            "needs --rejects");
}

TEST(KsinkPgOptions, given) {
  const PgSinkOptions options =
      parse({"--dsn", "service=wh", "--table", "s.t", "--no-create-table", "--columns", "value",
             "--retry-for", "2s", "--batch-size", "10", "--sink-id", "x", "--strategy", "append"});
  EXPECT_EQ(options.dsn, "service=wh");
  EXPECT_FALSE(options.create_table);
  EXPECT_EQ(options.columns.size(), 1U);
  EXPECT_EQ(options.retry_for, std::chrono::seconds(2));
  EXPECT_EQ(options.sink.batch_size, 10U);
  EXPECT_EQ(options.sink.sink_id, "x");
}

TEST(KsinkPgOptions, rows) {
  RowPolicy rows = parse({"--table", "t"}).rows;
  EXPECT_EQ(rows.strategy, Strategy::append);
  EXPECT_FALSE(rows.key.given());
  EXPECT_EQ(rows.on_null, OnNull::skip);
  rows = parse({"--table", "t", "--strategy", "merge", "--primary-key", "a,b"}).rows;
  EXPECT_EQ(rows.strategy, Strategy::merge);
  EXPECT_EQ(rows.on_null, OnNull::skip) << "a tombstone has no value to name the row";
  rows = parse({"--table", "t", "--strategy", "merge", "--primary-key", "key"}).rows;
  EXPECT_EQ(rows.on_null, OnNull::remove);
  rows = parse({"--table", "t", "--strategy", "merge", "--primary-key", "key", "--on-null", "skip"})
             .rows;
  EXPECT_EQ(rows.on_null, OnNull::skip);
  EXPECT_EQ(parse({"--table", "t", "--strategy", "ignore", "--on-null", "insert"}).rows.on_null,
            OnNull::insert);
}

TEST(KsinkPgOptions, secrets_do_not_belong_on_a_command_line) {
  for (const char* dsn :
       {"host=db password=geheim", "postgresql://u:geheim@db/x", "host=db sslpassword=geheim"}) {
    const std::string why = refusal({"--table", "t", "--dsn", dsn});
    expect_in(why, "PGPASSFILE");
    EXPECT_EQ(why.find("geheim"), std::string::npos) << why;
  }
  EXPECT_EQ(refusal({"--table", "t", "--dsn", "postgresql://u@db/x?sslmode=require"}), "accepted");
}

TEST(KsinkPgOptions, mistakes) {
  expect_in(refusal({}), "--table");
  expect_in(refusal({"--table", "a b"}), "--table: 'a b'");
  expect_in(refusal({"--table", "t", "--dsn", "nonsense"}), "--dsn");
  expect_in(refusal({"--table", "t", "--strategy", "merge"}), "needs --primary-key");
  expect_in(refusal({"--table", "t", "--strategy", "swap"}), "append");
  const auto replace = [](std::vector<const char*> more) {
    more.insert(more.begin(), {"--table", "t", "--strategy", "replace"});
    return more;
  };
  expect_in(refusal(replace({"--on-null", "delete"})), "replace with --primary-key");
  expect_in(refusal(replace({"--sink-id", "x (replace)"})), "(replace)");
  expect_in(refusal({"--table", "t", "--allow-empty"}), "needs --strategy replace");
  expect_in(refusal({"--table", "t", "--replace-at-eof"}), "needs --strategy replace");
  expect_in(refusal({"--table", "t", "--on-null", "delete"}), "needs --strategy merge");
  expect_in(refusal({"--table", "t", "--columns", ""}), "--columns");
  expect_in(refusal({"--table", "t", "--retry-for", "soon"}), "soon");
}

}  // namespace
}  // namespace kpipe
