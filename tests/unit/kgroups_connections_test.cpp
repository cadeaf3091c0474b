// SPDX-License-Identifier: Apache-2.0
// kgroups connections: one line a profile, and no secret in it.
#include "tools/kgroups/connections.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe::kgroups {
namespace {

using unit::contains;

Config sample() {
  Config config;
  add_config(R"([connections.a]
brokers = ["h:1", "i:2"]
security_protocol = "SASL_SSL"
sasl_mechanism = "PLAIN"
group_id = "etl"
tags = ["x", "y"]
description = "first \u001b[31m"
secrets = [{id = "s", purpose = "r"}]
[connections.b]
[connections.broken]
secrets = [{id = "none"}]
[secrets.s.data]
username = "u"
password = "hunter2"
)",
             "/c.toml", config);
  return config;
}

std::string made(OutputFormat format) {
  OutBuffer out;
  append_connection_rows(out, make_connection_rows(sample()), format);
  return std::string(out.view());
}

TEST(KgroupsConnections, Ndjson) {
  EXPECT_EQ(
      made(OutputFormat::ndjson),
      R"({"connection":"a","brokers":["h:1","i:2"],"security_protocol":"SASL_SSL","sasl_mechanism":"PLAIN",)"
      R"("group_id":"etl","purpose":"rw","tags":["x","y"],"description":"first \u001b[31m","secrets":["s"],)"
      R"("properties":{"bootstrap.servers":"h:1,i:2","group.id":"etl","sasl.mechanism":"PLAIN",)"
      R"("sasl.password":"********","sasl.username":"u","security.protocol":"SASL_SSL"},)"
      R"("origin":"/c.toml:1","error":null})"
      "\n"
      R"({"connection":"b","brokers":[],"security_protocol":null,"sasl_mechanism":null,"group_id":null,)"
      R"("purpose":"rw","tags":[],"description":null,"secrets":[],"properties":{},"origin":"/c.toml:9","error":null})"
      "\n"
      R"({"connection":"broken","brokers":[],"security_protocol":null,"sasl_mechanism":null,"group_id":null,)"
      R"("purpose":"rw","tags":[],"description":null,"secrets":["none"],"properties":{},"origin":"/c.toml:10",)"
      R"("error":"/c.toml:11: broken: there is no secret none"})"
      "\n");
}

TEST(KgroupsConnections, Table) {
  const std::string table = made(OutputFormat::table);
  EXPECT_TRUE(contains(table, "h:1,i:2  SASL_SSL  PLAIN      etl    rw       x,y"));
  EXPECT_TRUE(contains(table, "sasl.password=********"));
  EXPECT_TRUE(contains(table, "first \\x1b[31m"));
  EXPECT_TRUE(contains(table, "there is no secret none"));
  EXPECT_FALSE(contains(table, "hunter2"));
  EXPECT_FALSE(contains(table, "\x1b"));
}

}  // namespace
}  // namespace kpipe::kgroups
