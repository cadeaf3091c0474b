// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/kafka/client.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

ConnectionOptions with(const std::string& property) {
  ConnectionOptions options;
  options.bootstrap_servers = "127.0.0.1:1";
  options.properties = {property};
  return options;
}

std::string value_of(ClientConfig& config, const char* name) {
  char text[256];
  std::size_t size = sizeof text;
  EXPECT_EQ(rd_kafka_conf_get(config.get(), name, text, &size), RD_KAFKA_CONF_OK);
  return text;
}

std::string refusal_of(const std::string& property, Exit exit) {
  try {
    const ClientConfig config("test", with(property));
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), exit) << error.what();
    return error.what();
  }
  ADD_FAILURE() << property << " was accepted";
  return {};
}

TEST(ClientConfig, RefusesWhatWouldBreakTheCommitPromise) {
  for (const char* property :
       {"enable.auto.commit=true", "auto.commit.enable=true", "enable.auto.offset.store=true",
        "enable.partition.eof=false", "group.id=g"}) {
    EXPECT_NE(refusal_of(property, Exit::config).find("refused"), std::string::npos) << property;
  }
}

TEST(ClientConfig, NamesAnUnknownProperty) {
  EXPECT_NE(refusal_of("fetch.min.bites=1", Exit::config).find("fetch.min.bites"),
            std::string::npos);
  EXPECT_NE(refusal_of("fetch.min.bytes", Exit::usage).find("NAME=VALUE"), std::string::npos);
}

TEST(ClientConfig, RefusesALiteralSecretWithoutRepeatingIt) {
  const std::string message = refusal_of("sasl.password=hunter2", Exit::usage);
  EXPECT_NE(message.find("file:PATH"), std::string::npos);
  EXPECT_EQ(message.find("hunter2"), std::string::npos);
}

TEST(ClientConfig, ReadsASecretFromAFileOrTheEnvironment) {
  ::setenv("KPIPE_TEST_SECRET", "from-env", 1);
  ClientConfig from_env("test", with("sasl.password=env:KPIPE_TEST_SECRET"));
  EXPECT_EQ(value_of(from_env, "sasl.password"), "from-env");
  EXPECT_NE(
      refusal_of("sasl.password=env:KPIPE_TEST_NO_SUCH", Exit::config).find("KPIPE_TEST_NO_SUCH"),
      std::string::npos);

  const std::string path = testing::TempDir() + "kpipe_secret_" + std::to_string(::getpid());
  std::ofstream(path) << "from-file\n";
  ClientConfig from_file("test", with("sasl.password=file:" + path));
  EXPECT_EQ(value_of(from_file, "sasl.password"), "from-file");
  std::remove(path.c_str());
  EXPECT_NE(refusal_of("sasl.password=file:" + path, Exit::io).find(path), std::string::npos);
}

TEST(ClientConfig, AnOptionWinsOverXThatOverTheEnvironmentAndThatOverTheProfile) {
  ConnectionOptions options;
  options.configured = {{"bootstrap.servers", "environment:1", "KPIPE_BOOTSTRAP_SERVERS"},
                        {"bootstrap.servers", "profile:1", "f:1"},
                        {"fetch.min.bytes", "1", "f:2"},
                        {"client.rack", "r", "f:3"}};
  const auto said = [&] {
    std::string text;
    for (const Setting& setting : connection_settings(options))
      text += setting.name + "=" + setting.value + " " + setting.origin + "; ";
    return text;
  };
  EXPECT_EQ(said(),
            "bootstrap.servers=environment:1 KPIPE_BOOTSTRAP_SERVERS; client.rack=r f:3; "
            "fetch.min.bytes=1 f:2; ");
  // Of two -X the later.
  options.properties = {"metadata.broker.list=x:1", "metadata.broker.list=x:2",
                        "fetch.min.bytes=2"};
  EXPECT_EQ(said(), "bootstrap.servers=x:2 -X; client.rack=r f:3; fetch.min.bytes=2 -X; ");
  options.bootstrap_servers = "option:1";
  EXPECT_EQ(said(), "bootstrap.servers=option:1 -b; client.rack=r f:3; fetch.min.bytes=2 -X; ");

  ClientConfig config("test", options);
  EXPECT_EQ(value_of(config, "bootstrap.servers"), "option:1");
  EXPECT_EQ(value_of(config, "fetch.min.bytes"), "2");
  EXPECT_EQ(config.options().bootstrap_servers, "option:1");
  // A profile's word counts as the user's.
  config.set("client.rack", "ours", true);
  EXPECT_EQ(value_of(config, "client.rack"), "r");
}

TEST(ClientConfig, TwoNamesOfOneThingMustAgree) {
  ConnectionOptions options;
  options.properties = {"sasl.mechanism=PLAIN", "sasl_mechanisms=plain"};
  EXPECT_EQ(connection_settings(options).at(0).value, "PLAIN");
  options.properties.back() = "sasl_mechanisms=OAUTHBEARER";
  EXPECT_EQ(unit::expect_error(Exit::usage, [&] { connection_settings(options); }),
            "-X: sasl.mechanism and sasl_mechanisms are one thing and have two values. Give one of "
            "them");
}

TEST(ClientConfig, WhatSaysWhatIsSoAnywayIsNoError) {
  ClientConfig config("test", with("enable.auto.commit=false"));
  EXPECT_EQ(value_of(config, "enable.auto.commit"), "true");  // whoever consumes turns it off
}

TEST(ClientConfig, BrokersGetTheUsualPort) {
  const auto brokers = [](const std::string& given, const std::string& protocol) {
    ConnectionOptions options;
    options.bootstrap_servers = given;
    options.configured = {{"security.protocol", protocol, "f:1"}};
    return connection_settings(options).at(0).value;
  };
  EXPECT_EQ(brokers("a", "PLAINTEXT"), "a:9092");
  EXPECT_EQ(brokers("a, b:1,[::1],[::1]:2", "SASL_PLAINTEXT"), "a:9092,b:1,[::1]:9092,[::1]:2");
  EXPECT_EQ(brokers("a,b:9092", "SSL"), "a:9093,b:9092");
  EXPECT_EQ(brokers("a", "SASL_SSL"), "a:9093");
  EXPECT_EQ(brokers("::1", "SSL"), "::1");  // ambiguous: as librdkafka takes it
  EXPECT_EQ(brokers("SSL://a:1", "SSL"), "SSL://a:1");
  EXPECT_EQ(brokers("${env:B}", "SSL"), "${env:B}");
}

TEST(ClientConfig, AuthTypeStandsForProtocolAndMechanism) {
  const auto settled = [](const std::string& type, const std::string& protocol) {
    ConnectionOptions options;
    options.configured = {{"auth.type", type, "f:1"}};
    if (!protocol.empty()) options.configured.push_back({"security.protocol", protocol, "f:2"});
    std::string text;
    for (const Setting& one : connection_settings(options))
      text += one.name + "=" + one.value + " ";
    return text;
  };
  EXPECT_EQ(settled("none", ""), "");
  EXPECT_EQ(settled("ssl", ""), "security.protocol=SSL ");
  EXPECT_EQ(settled("sasl", ""), "security.protocol=SASL_SSL ");
  EXPECT_EQ(settled("sasl", "SASL_PLAINTEXT"), "security.protocol=SASL_PLAINTEXT ");
  EXPECT_EQ(settled("aws_msk_iam", ""), "sasl.mechanism=AWS_MSK_IAM security.protocol=SASL_SSL ");
  ConnectionOptions msk;
  msk.configured = {{"bootstrap.servers", "b", "f:1"}, {"sasl.mechanism", "AWS_MSK_IAM", "f:2"}};
  EXPECT_EQ(connection_settings(msk).at(0).value, "b:9093");
  EXPECT_EQ(connection_settings(msk).at(2).value, "SASL_SSL");
  EXPECT_EQ(unit::expect_error(Exit::config, [&] { settled("sasl", "SSL"); }),
            "f:1: auth.type: sasl does not go with security.protocol=SSL (f:2)");
  unit::expect_error(Exit::config, [&] { settled("none", "SASL_SSL"); });
  unit::expect_error(Exit::config, [&] { settled("ssl", "PLAINTEXT"); });
  unit::expect_error(Exit::config, [&] { settled("iam", ""); });
}

TEST(ClientConfig, AProfilesMistakesAreNamedByTheirPlace) {
  const auto refusal = [](const Setting& setting) {
    ConnectionOptions options;
    options.configured = {{"bootstrap.servers", "h:1", "f:1"}, setting};
    const std::string made =
        unit::expect_error(Exit::config, [&] { const ClientConfig config("test", options); });
    // Known without a client, too.
    EXPECT_EQ(unit::expect_error(Exit::config, [&] { ClientConfig::check(options); }), made);
    return made;
  };
  EXPECT_EQ(refusal({"fetch.min.bites", "1", "f:2"}),
            "f:2: fetch.min.bites: No such configuration property. Did you mean fetch.min.bytes?");
  EXPECT_TRUE(refusal({"enable.auto.commit", "true", "f:2"})
                  .starts_with("f:2: enable.auto.commit: refused: "));
  EXPECT_TRUE(refusal({"fetch.min.bytes", "few", "f:2"}).starts_with("f:2: fetch.min.bytes: "));
}

TEST(ClientConfig, ACheckLooksUpNoReference) {
  ConnectionOptions options;
  options.configured = {{"sasl.password", "cred:not-here", "f:1"}};
  ClientConfig::check(options);
  options.configured = {{"sasl.pasword", "${cred:not-here}", "f:1"}};
  EXPECT_EQ(unit::expect_error(Exit::config, [&] { ClientConfig::check(options); }),
            "f:1: sasl.pasword: No such configuration property. Did you mean sasl.password?");
}

TEST(ClientConfig, OursGiveWayOnlyWhereTheyMay) {
  ClientConfig config("test", with("fetch.min.bytes=7"));
  config.set("fetch.min.bytes", "1", true);
  EXPECT_EQ(value_of(config, "fetch.min.bytes"), "7");
  config.set("fetch.min.bytes", "1");
  EXPECT_EQ(value_of(config, "fetch.min.bytes"), "1");
}

TEST(ClientConfig, NeedsBrokers) {
  try {
    const ClientConfig config("test", ConnectionOptions{});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    EXPECT_NE(std::string(error.what()).find("-b"), std::string::npos);
  }
}

}  // namespace
}  // namespace kpipe
