// SPDX-License-Identifier: Apache-2.0
#include "common/config/environment.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

std::string settings_of(std::vector<const char*> variables) {
  variables.push_back(nullptr);
  std::string all;
  for (const Setting& one : environment_settings(variables.data())) {
    EXPECT_FALSE(one.typed);
    all += one.name + "=" + one.value + " " + one.origin + "; ";
  }
  return all;
}

TEST(ConfigEnvironment, EveryNameInCapitals) {
  EXPECT_EQ(settings_of({"KPIPE_BOOTSTRAP_SERVERS=h:1", "KPIPE_BATCH_TIMEOUT_MS=5", "HOME=/"}),
            "batch-timeout=5ms KPIPE_BATCH_TIMEOUT_MS; bootstrap.servers=h:1 "
            "KPIPE_BOOTSTRAP_SERVERS; ");
  EXPECT_EQ(settings_of({"KPIPE_SASL_PASSWORD=a=b"}), "sasl.password=a=b KPIPE_SASL_PASSWORD; ");
  EXPECT_EQ(settings_of({"KPIPE_SECURITY_PROTOCOL=ssl"}),
            "security.protocol=SSL KPIPE_SECURITY_PROTOCOL; ");
  EXPECT_EQ(settings_of({"KPIPE_OFFSET=timestamp", "KPIPE_TIMESTAMP=2026-01-31T12:00:00Z"}),
            "from=timestamp KPIPE_OFFSET; timestamp=2026-01-31T12:00:00Z KPIPE_TIMESTAMP; ");
  EXPECT_EQ(
      settings_of({"KPIPE_BAD_DATA=dlq", "KPIPE_DLQ_TOPIC=d", "KPIPE_MAX_ERRORS_PER_BATCH=10"}),
      "bad-data=dlq KPIPE_BAD_DATA; dlq-topic=d KPIPE_DLQ_TOPIC; "
      "max-errors-per-batch=10 KPIPE_MAX_ERRORS_PER_BATCH; ");
  EXPECT_EQ(settings_of({"KPIPE_TOPIC=t", "KPIPE_GROUP_ID=g", "KPIPE_FORMAT=raw"}),
            "format=raw KPIPE_FORMAT; group.id=g KPIPE_GROUP_ID; topic=t KPIPE_TOPIC; ");
}

TEST(ConfigEnvironment, FamiliesOfPropertiesAreTakenWhole) {
  EXPECT_EQ(settings_of({"KPIPE_SSL_CIPHER_SUITES=x"}),
            "ssl.cipher.suites=x KPIPE_SSL_CIPHER_SUITES; ");
  // So that a slip in the name of a password is an error, with the right name beside it.
  EXPECT_EQ(settings_of({"KPIPE_SASL_PASWORD=x"}), "sasl.pasword=x KPIPE_SASL_PASWORD; ");
}

TEST(ConfigEnvironment, OthersSayNothing) {
  EXPECT_EQ(settings_of({"KPIPE_BIN=/x", "KPIPE_PROFILE=p", "KPIPE_SASL_PASSWORD=", "KPIPE_", "x"}),
            "");
}

TEST(ConfigEnvironment, TwoThatContradictEachOther) {
  EXPECT_EQ(settings_of({"KPIPE_BROKERS=a", "KPIPE_BOOTSTRAP_SERVERS=a"}),
            "bootstrap.servers=a KPIPE_BOOTSTRAP_SERVERS; bootstrap.servers=a KPIPE_BROKERS; ");
  const std::string said = unit::expect_error(Exit::config, [] {
    settings_of(
        {"KPIPE_PASSWORD=hunter2", "KPIPE_AUTH_PASSWORD=hunter2", "KPIPE_SASL_PASSWORD=other"});
  });
  EXPECT_EQ(said,
            "KPIPE_SASL_PASSWORD: KPIPE_AUTH_PASSWORD says something else of sasl.password. Unset "
            "one of them");
}

}  // namespace
}  // namespace kpipe
