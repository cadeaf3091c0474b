// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/kafka/client.hpp"

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
        "auto.offset.reset=latest", "enable.partition.eof=false", "group.id=g"}) {
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
