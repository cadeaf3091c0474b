// SPDX-License-Identifier: Apache-2.0
#include "common/config/uri.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

std::string settings_of(const std::string& text) {
  std::string all;
  for (const Setting& one : parse_connection_uri(text).settings) {
    EXPECT_EQ(one.origin, "--uri");
    EXPECT_TRUE(one.typed);
    all += one.name + "=" + one.value + " ";
  }
  return all;
}

TEST(ConfigUri, ParametersGoByAnyName) {
  EXPECT_EQ(settings_of("kafka://?bootstrap_servers=a:1,b:2&group_id=g&sasl_mechanisms=plain"),
            "bootstrap.servers=a:1,b:2 group.id=g sasl.mechanism=PLAIN ");
  EXPECT_EQ(settings_of("kafka://?brokers=h&source_table=t&batch_size=1000&batch_timeout=3"),
            "bootstrap.servers=h topic=t batch-size=1000 batch-timeout=3s ");
  EXPECT_EQ(settings_of("kafka://?fetch.min.bytes=1&username=u"),
            "fetch.min.bytes=1 sasl.username=u ");
  EXPECT_EQ(settings_of("kafka://"), "");
  EXPECT_EQ(settings_of("kafka://?&&group_id=g&"), "group.id=g ");
}

TEST(ConfigUri, BrokersMayStandInFront) {
  EXPECT_EQ(settings_of("kafka://a:1,b:2?group_id=g"), "bootstrap.servers=a:1,b:2 group.id=g ");
  EXPECT_EQ(settings_of("kafka://a:1/"), "bootstrap.servers=a:1 ");
}

TEST(ConfigUri, ValuesAreDecoded) {
  EXPECT_EQ(settings_of("kafka://?sasl_username=a%26b%3D%20%C3%A9+%25"),
            "sasl.username=a&b= \xC3\xA9+% ");
  EXPECT_EQ(settings_of("kafka://?sasl_username=a=b"), "sasl.username=a=b ");
  EXPECT_EQ(settings_of("kafka://?sasl_username=$ConnectionString"),
            "sasl.username=$ConnectionString ");
}

TEST(ConfigUri, ANameInBracesIsASecret) {
  EXPECT_EQ(settings_of("kafka://?sasl_password={KAFKA_PASSWORD}"),
            "sasl.password=${secret:KAFKA_PASSWORD} ");
  EXPECT_EQ(settings_of("kafka://?sasl_password=%7BP%7D"), "sasl.password=${secret:P} ");
}

TEST(ConfigUri, ANamedConnection) {
  const ConnectionUri uri = parse_connection_uri("dataos://depot?purpose=r&batch_size=5");
  EXPECT_EQ(uri.profile, "depot");
  EXPECT_EQ(uri.purpose, "r");
  ASSERT_EQ(uri.settings.size(), 1U);
  EXPECT_EQ(uri.settings[0].name, "batch-size");
}

TEST(ConfigUri, Refusals) {
  const auto refusal = [](const std::string& text) {
    const std::string said = unit::expect_error(Exit::usage, [&] { settings_of(text); });
    EXPECT_TRUE(said.starts_with("--uri: ")) << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
    return said;
  };
  EXPECT_NE(refusal("localhost:9092").find("no scheme"), std::string::npos);
  EXPECT_NE(refusal("http://a").find("unknown scheme"), std::string::npos);
  EXPECT_EQ(refusal("kafka://?bootstrap_server_list=a"),
            "--uri: bootstrap_server_list: no such parameter. Did you mean bootstrap_servers?");
  refusal("kafka://u:hunter2@a");
  refusal("kafka://?sasl_password=hunter2%2");
  refusal("kafka://?sasl_password=hunter2%zz");
  refusal("kafka://?sasl_password=hunter2%00");
  refusal("kafka://?sasl_password=hunter2&password=other");
  refusal("kafka://?sasl_password");
  refusal("kafka://?=hunter2");
  refusal("kafka://a#b");
  refusal("kafka://a/topic");
  refusal("kafka://?purpose=x");
  refusal("dataos://?group_id=g");
}

}  // namespace
}  // namespace kpipe
