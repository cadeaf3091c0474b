// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/login_settings.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include "common/config/aliases.hpp"
#include "common/kafka/client.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;

using Properties = std::vector<std::string>;

/// Options as a profile would give them, so that secrets may stand in them.
ConnectionOptions options_of(const Properties& properties) {
  ConnectionOptions options;
  options.bootstrap_servers = "b-1.x.kafka.us-east-1.amazonaws.com:9098";
  for (const std::string& text : properties) {
    const std::size_t equals = text.find('=');
    options.configured.push_back(
        canonical({text.substr(0, equals), text.substr(equals + 1), "f:1"}));
  }
  return options;
}

std::string refusal(Exit exit, const Properties& properties) {
  return unit::expect_error(exit,
                            [&] { const ClientConfig config("test", options_of(properties)); });
}

const Properties kOAuth{"security.protocol=SASL_SSL", "sasl.mechanism=OAUTHBEARER",
                        "sasl.oauthbearer.token.endpoint.url=https://h/token",
                        "sasl.oauthbearer.client.id=i", "sasl.oauthbearer.client.secret=s"};

Properties with(Properties properties, const Properties& more) {
  properties.insert(properties.end(), more.begin(), more.end());
  return properties;
}

Properties without(const Properties& properties, const std::string& name) {
  Properties rest;
  for (const std::string& text : properties)
    if (!text.starts_with(name + "=")) rest.push_back(text);
  return rest;
}

TEST(KafkaLogin, names_what_is_missing) {
  EXPECT_TRUE(contains(refusal(Exit::usage, {"security.protocol=sasl_ssl"}),
                       "f:1: security.protocol: SASL_SSL needs sasl.mechanism. Give -X"));
  for (const std::string mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    const Properties said{"security.protocol=SASL_SSL", "sasl.mechanism=" + mechanism};
    EXPECT_EQ(refusal(Exit::usage, said),
              "sasl.username: missing, and " + mechanism +
                  " needs it. Give -X sasl.username=VALUE or put it into the profile");
    EXPECT_EQ(refusal(Exit::usage, with(said, {"sasl.username=u"})),
              "sasl.password: missing, and " + mechanism +
                  " needs it. Give -X sasl.password=file:PATH or put it into the profile");
  }
  for (const std::string name : {"sasl.oauthbearer.token.endpoint.url",
                                 "sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret"}) {
    EXPECT_TRUE(refusal(Exit::usage, without(kOAuth, name)).starts_with(name + ": missing"));
  }
}

TEST(KafkaLogin, names_what_does_not_fit) {
  EXPECT_EQ(refusal(Exit::config, {"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-265"}),
            "f:1: sasl.mechanism: 'SCRAM-SHA-265' is not known. Known are PLAIN, SCRAM-SHA-256, "
            "SCRAM-SHA-512, OAUTHBEARER, GSSAPI, AWS_MSK_IAM. Did you mean SCRAM-SHA-256?");
  EXPECT_TRUE(contains(refusal(Exit::config, {"sasl.mechanism=PLAIN"}),
                       "nobody logs in with security.protocol=PLAINTEXT"));
  EXPECT_TRUE(
      contains(refusal(Exit::config, {"sasl.mechanism=AWS_MSK_IAM", "security.protocol=ssl"}),
               "nobody logs in with security.protocol=SSL"));
  EXPECT_TRUE(contains(refusal(Exit::config, with(kOAuth, {"sasl.oauthbearer.token.file=f"})),
                       "tokens come from sasl.oauthbearer.token.endpoint.url already"));
  EXPECT_TRUE(contains(refusal(Exit::config, with(kOAuth, {"sasl.oauthbearer.extensions=a1=b"})),
                       "'a1=b': expected NAME=VALUE,..."));
  EXPECT_TRUE(contains(refusal(Exit::config, with(kOAuth, {"sasl.oauthbearer.extensions=auth=b"})),
                       "expected NAME=VALUE,..."));
  EXPECT_TRUE(
      contains(refusal(Exit::config, with(kOAuth, {"sasl.login.refresh.buffer.seconds=1m"})),
               "expected seconds from 0 to 3600"));
  EXPECT_TRUE(
      contains(refusal(Exit::config,
                       with(kOAuth, {"sasl.oauthbearer.metadata.authentication.type=azure_imds"})),
               "kpipe does not serve it"));
}

TEST(KafkaLogin, puts_our_own_into_librdkafkas_terms) {
  const ClientConfig iam("test", options_of({"sasl.mechanism=aws_msk_iam"}));
  EXPECT_EQ(iam.property("sasl.mechanism"), "OAUTHBEARER");
  EXPECT_EQ(iam.property("security.protocol"), "sasl_ssl");
  EXPECT_TRUE(iam.tokens().source);

  const ClientConfig oauth(
      "test", options_of(with(
                  kOAuth, {"sasl.oauthbearer.method=oidc", "sasl.oauthbearer.extensions=a=1,b="})));
  EXPECT_EQ(oauth.property("sasl.oauthbearer.method"), "default");
  ASSERT_EQ(oauth.tokens().extensions.size(), 2U);
  EXPECT_EQ(oauth.tokens().extensions[0].first + oauth.tokens().extensions[0].second, "a1");
  EXPECT_EQ(oauth.tokens().extensions[1].first + oauth.tokens().extensions[1].second, "b");

  const ClientConfig scram("test",
                           options_of({"security.protocol=sasl_plaintext", "sasl.username=u",
                                       "sasl.mechanism=scram-sha-512", "sasl.password=p"}));
  EXPECT_EQ(scram.property("sasl.mechanism"), "SCRAM-SHA-512");
  EXPECT_FALSE(scram.tokens().source);
  const ClientConfig kerberos("test",
                              options_of({"security.protocol=SASL_SSL", "sasl.mechanism=GSSAPI"}));
  EXPECT_FALSE(kerberos.tokens().source);
}

TEST(KafkaLogin, copies_of_the_options_share_one_source) {
  const ConnectionOptions options = options_of(kOAuth);
  ConnectionOptions copy = options;
  copy.bootstrap_servers = "other:1";
  EXPECT_EQ(ClientConfig("a", options).tokens().source, ClientConfig("b", copy).tokens().source);
  EXPECT_NE(ClientConfig("a", options).tokens().source,
            ClientConfig("a", options_of(kOAuth)).tokens().source);
}

std::string warnings(const Properties& properties) {
  testing::internal::CaptureStderr();
  const ConnectionOptions options = options_of(properties);
  const ClientConfig first("test", options);
  const ClientConfig second("test", options);
  return testing::internal::GetCapturedStderr();
}

TEST(KafkaLogin, warns_once_of_what_others_can_read) {
  const Properties plain{"sasl.mechanism=PLAIN", "sasl.username=u", "sasl.password=hunter2"};
  const std::string warning = warnings(with(plain, {"security.protocol=SASL_PLAINTEXT"}));
  EXPECT_TRUE(contains(warning, "with PLAIN: the password crosses the network in the clear"));
  EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1);
  EXPECT_FALSE(contains(warning, "hunter2"));
  EXPECT_EQ(warnings(with(plain, {"security.protocol=SASL_SSL"})), "");
  EXPECT_EQ(
      warnings(with(plain, {"security.protocol=SASL_PLAINTEXT", "allow.cleartext.login=true"})),
      "");
  EXPECT_EQ(warnings(kOAuth), "");
  const Properties oauth = without(kOAuth, "security.protocol");
  EXPECT_TRUE(contains(warnings(with(oauth, {"security.protocol=SASL_PLAINTEXT"})),
                       "with OAUTHBEARER: the token crosses"));
  const auto by_url = [](const std::string& url) {
    return warnings(with(without(kOAuth, "sasl.oauthbearer.token.endpoint.url"),
                         {"sasl.oauthbearer.token.endpoint.url=" + url}));
  };
  EXPECT_TRUE(contains(by_url("http://idp.example/token"), "the client's secret crosses"));
  EXPECT_EQ(by_url("http://127.0.0.1:1/token"), "");
}

}  // namespace
}  // namespace kpipe
