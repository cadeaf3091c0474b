// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tools/ksink-pg/copy_fault.hpp"
#include "tools/ksink-pg/sqlstate.hpp"

namespace kpipe {
namespace {

TEST(KsinkPgSqlState, decides) {
  using enum SqlStateClass;
  const struct {
    std::string_view state;
    SqlStateClass kind;
  } cases[] = {
      {"", outage},        {"08006", outage},   {"08P01", outage},     {"53100", outage},
      {"53300", outage},   {"57P01", outage},   {"57P02", outage},     {"57P03", outage},
      {"57014", outage},   {"57P04", missing},  {"40001", outage},     {"40P01", outage},
      {"40002", data},     {"55P03", outage},   {"25006", outage},     {"25P03", outage},
      {"25P02", internal}, {"58030", outage},   {"22P02", data},       {"22003", data},
      {"22P05", data},     {"23502", data},     {"23505", data},       {"23514", data},
      {"44000", data},     {"54000", data},     {"54011", schema},     {"P0001", data},
      {"42703", schema},   {"42P01", missing},  {"42501", permission}, {"3D000", missing},
      {"3F000", schema},   {"0A000", schema},   {"28P01", permission}, {"28000", permission},
      {"XX001", internal}, {"99999", internal},
  };
  for (const auto& c : cases) EXPECT_EQ(classify_sqlstate(c.state), c.kind) << c.state;
}

TEST(KsinkPgFaults, a_login_that_pgbouncer_refuses_is_no_outage) {
  EXPECT_EQ(login_sqlstate("08P01", "FATAL: SASL authentication failed"), "28P01");
  EXPECT_EQ(login_sqlstate("08P01", "FATAL: password authentication failed for user \"a\""),
            "28P01");
  EXPECT_EQ(login_sqlstate("08P01", "FATAL: no such user: a"), "28000");
  EXPECT_EQ(login_sqlstate("08P01", "FATAL: database \"a\" does not exist"), "3D000");
  EXPECT_EQ(login_sqlstate("08P01", "FATAL: no such database: a"), "3D000");
  EXPECT_EQ(login_sqlstate("08P01", "no more connections allowed (max_client_conn)"), "08P01");
  EXPECT_EQ(login_sqlstate("57P03", "database \"a\" does not exist"), "57P03");
}

TEST(KsinkPgSqlState, exit_statuses) {
  EXPECT_EQ(exit_of(SqlStateClass::outage), Exit::unavailable);
  EXPECT_EQ(exit_of(SqlStateClass::data), Exit::data);
  EXPECT_EQ(exit_of(SqlStateClass::schema), Exit::config);
  EXPECT_EQ(exit_of(SqlStateClass::missing), Exit::no_input);
  EXPECT_EQ(exit_of(SqlStateClass::permission), Exit::no_permission);
  EXPECT_EQ(exit_of(SqlStateClass::internal), Exit::io);
}

TEST(KsinkPgCopyContext, line_and_column) {
  const auto expect = [](std::string_view context, std::string_view table, std::uint64_t line,
                         std::string_view column) {
    const CopyFault fault = read_copy_context(context, table);
    EXPECT_EQ(fault.line, line) << context;
    EXPECT_EQ(fault.column, column) << context;
  };
  expect("COPY flights, line 3, column distance: \"abc\"", "flights", 3, "distance");
  expect("COPY flights, line 12, column air time, null input", "flights", 12, "air time");
  expect("COPY flights, line 3: \"1\t2\"", "flights", 3, "");
  expect("COPY flights, line 3", "flights", 3, "");
  expect("COPY t1, 2, line 30: \"x\"", "t1, 2", 30, "");  // a table of a strange name
  expect("COPY flights, Zeile 7, Spalte distance: »abc«", "flights", 7, "distance");
  expect("JSON data, line 1: {\"a\": \\u0000... COPY t, line 5, column doc: \"{}\"", "t", 5, "doc");
  expect("SQL statement \"SELECT 1\"", "t", 0, "");
  expect("", "t", 0, "");
  expect("COPY t, line", "t", 0, "");
}

TEST(KsinkPgCopyContext, syntax_of_a_text_is_not_of_the_statement) {
  EXPECT_TRUE(is_refused_text({3, "tags"}, "42601"));
  EXPECT_TRUE(is_refused_text({3, "tags"}, "XX000"));
  EXPECT_FALSE(is_refused_text({3, ""}, "42601"));
  EXPECT_FALSE(is_refused_text({3, "tags"}, "XX001"));
  EXPECT_FALSE(is_refused_text({3, "tags"}, "42883"));
}

}  // namespace
}  // namespace kpipe
