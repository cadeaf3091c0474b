// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/registry_settings.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <initializer_list>

#include "common/config/aliases.hpp"
#include "common/kafka/client.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;

/// As a profile would give them; "option NAME=VALUE" is one that was typed.
ConnectionOptions said(std::initializer_list<std::string> properties) {
  ConnectionOptions options;
  for (const std::string& text : properties) {
    const bool typed = text.starts_with("option ");
    const std::string property = typed ? text.substr(7) : text;
    const std::size_t equals = property.find('=');
    auto& list = typed ? options.options : options.configured;
    list.push_back(canonical({property.substr(0, equals), property.substr(equals + 1),
                              typed ? "--option" : "f:1", typed}));
  }
  return options;
}

RegistryOptions read(std::initializer_list<std::string> properties) {
  return registry_options(said(properties));
}

std::string refusal(Exit exit, std::initializer_list<std::string> properties) {
  return expect_error(exit, [&] { read(properties); });
}

TEST(RegistrySettings, name_addresses) {
  EXPECT_FALSE(has_registry(said({"schema.registry.username=u"})));
  EXPECT_TRUE(has_registry(said({"schema_registry_url=http://a"})));
  EXPECT_TRUE(has_registry(said({"schema.registry.type=GLUE"})));
  const RegistryOptions options = read({"schema_registry.endpoint=http://a:8081, https://b/x/ ,"});
  EXPECT_EQ(options.urls, (std::vector<std::string>{"http://a:8081", "https://b/x/"}));
  EXPECT_FALSE(options.user_info);
  EXPECT_FALSE(options.bearer_token);
  EXPECT_TRUE(contains(refusal(Exit::usage, {"schema.registry.type=confluent"}),
                       "schema.registry.url: missing"));
  EXPECT_EQ(refusal(Exit::config, {"schema.registry.url=a:8081"}),
            "f:1: schema.registry.url: an address begins with http:// or https://");
  EXPECT_EQ(refusal(Exit::usage,
                    {"option schema.registry.type=karapace", "schema.registry.url=http://a"}),
            "--option: schema.registry.type: 'karapace': expected confluent or glue");
  EXPECT_TRUE(contains(refusal(Exit::config, {"schema.registry.url=http://a?x=1"}), "no '?'"));
}

TEST(RegistrySettings, refuse_a_password_in_an_address_without_repeating_it) {
  for (const char* const url : {"http://u:secret@h:8081", "http://a,https://u:secret@h"}) {
    const std::string text = refusal(Exit::config, {std::string("schema.registry.url=") + url});
    EXPECT_TRUE(contains(text, "are seen by everybody. Give them by --registry-auth")) << text;
    EXPECT_FALSE(contains(text, "secret")) << text;
    // Also before --show-config would print it.
    const std::string shown = expect_error(Exit::config, [&] {
      ClientConfig::check(said({std::string("schema.registry.url=") + url}));
    });
    EXPECT_EQ(shown, text);
  }
}

TEST(RegistrySettings, log_in_by_user_or_token) {
  const auto user_info = [](std::initializer_list<std::string> properties) {
    const RegistryOptions options = read(properties);
    EXPECT_FALSE(options.bearer_token);
    return options.user_info().reveal();
  };
  const std::string url = "schema.registry.url=http://127.0.0.1";
  EXPECT_EQ(user_info({url, "schema_registry.api_key=key", "schema_registry.api_secret=s:1"}),
            "key:s:1");
  EXPECT_EQ(user_info({url, "basic.auth.user.info=u:p"}), "u:p");
  EXPECT_EQ(user_info({url, "schema.registry.auth=u:p"}), "u:p");
  EXPECT_EQ(user_info({url, "basic.auth.credentials.source=SASL_INHERIT", "sasl.username=su",
                       "sasl.password=sp"}),
            "su:sp");
  for (const char* const name : {"schema.registry.auth", "bearer.auth.token"}) {
    const RegistryOptions options = read({url, std::string(name) + "=tok.en"});
    EXPECT_FALSE(options.user_info);
    EXPECT_EQ(options.bearer_token().reveal(), "tok.en");
  }
}

TEST(RegistrySettings, look_a_secret_up_each_time) {
  ::setenv("KPIPE_TEST_REGISTRY", "u:one", 1);
  const RegistryOptions options = read(
      {"schema.registry.url=http://127.0.0.1", "schema.registry.auth=env:KPIPE_TEST_REGISTRY"});
  EXPECT_EQ(options.user_info().reveal(), "u:one");
  ::setenv("KPIPE_TEST_REGISTRY", "u:two", 1);
  EXPECT_EQ(options.user_info().reveal(), "u:two");
  ::unsetenv("KPIPE_TEST_REGISTRY");
  expect_error(Exit::config, [&] { options.user_info(); });
}

TEST(RegistrySettings, let_the_option_win_over_another_kind_of_login) {
  ::setenv("KPIPE_TEST_REGISTRY", "token", 1);
  const RegistryOptions options =
      read({"schema.registry.url=http://127.0.0.1", "schema.registry.username=u",
            "schema.registry.password=p", "option schema.registry.auth=env:KPIPE_TEST_REGISTRY"});
  EXPECT_FALSE(options.user_info);
  EXPECT_EQ(options.bearer_token().reveal(), "token");
  ::unsetenv("KPIPE_TEST_REGISTRY");
}

TEST(RegistrySettings, say_what_does_not_fit_together) {
  const std::string url = "schema.registry.url=http://127.0.0.1";
  EXPECT_TRUE(contains(refusal(Exit::usage, {url, "option schema.registry.auth=u:secret"}),
                       "a secret on the command line can be read by others"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "schema.registry.username=u"}),
                       "a password is missing"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "schema.registry.password=p"}),
                       "whose password is it?"));
  EXPECT_TRUE(
      contains(refusal(Exit::config, {url, "basic.auth.user.info=u"}), "expected user:password"));
  EXPECT_TRUE(
      contains(refusal(Exit::config, {url, "basic.auth.user.info=u:p", "bearer.auth.token=t"}),
               "schema.registry.bearer.auth.token: a second login, besides "
               "schema.registry.basic.auth.user.info (f:1)"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "basic.auth.credentials.source=URL"}),
                       "expected USER_INFO or SASL_INHERIT"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "bearer.auth.credentials.source=OAUTHBEARER"}),
                       "Keep that file fresh"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "schema.registry.ssl.key.location=/none"}),
                       "Give schema.registry.ssl.certificate.location=FILE"));
  EXPECT_TRUE(contains(refusal(Exit::config, {url, "schema.registry.ssl.ca.location=/none.pem"}),
                       "f:1: schema.registry.ssl.ca.location: /none.pem: "));
}

TEST(RegistrySettings, ask_glue_in_a_region) {
  const RegistryOptions options =
      read({"schema.registry.type=Glue", "aws.region=eu-west-1", "aws.glue.registry.name=shop",
            "aws.glue.endpoint=http://127.0.0.1:5000", "aws.profile=p"});
  EXPECT_EQ(options.kind, RegistryOptions::Kind::glue);
  EXPECT_EQ(options.region + " " + options.registry_name + " " + options.endpoint + " " +
                options.aws_profile,
            "eu-west-1 shop http://127.0.0.1:5000 p");
  EXPECT_EQ(read({"schema.registry.type=glue",
                  "bootstrap.servers=b-1.x.kafka.us-east-2.amazonaws.com:9098"})
                .region,
            "us-east-2");
  EXPECT_TRUE(contains(refusal(Exit::config, {"schema.registry.type=glue", "aws.region=r",
                                              "schema.registry.url=http://a"}),
                       "schema.registry.url: AWS Glue is asked by aws.region"));
  EXPECT_TRUE(contains(refusal(Exit::config, {"schema.registry.type=glue", "aws.region=r",
                                              "aws.glue.endpoint=glue"}),
                       "aws.glue.endpoint: an address begins with http://"));
}

TEST(RegistrySettings, are_nothing_to_other_clients) {
  // The secret of a registry may be one that this user cannot read.
  const ConnectionOptions options =
      said({"bootstrap.servers=127.0.0.1:1", "schema.registry.url=http://a",
            "schema.registry.auth=file:/none"});
  EXPECT_NO_THROW(ClientConfig("test", options));
  EXPECT_TRUE(contains(expect_error(Exit::config,
                                    [] {
                                      ClientConfig("test", said({"bootstrap.servers=127.0.0.1:1",
                                                                 "schema.registry.urls=http://a"}));
                                    }),
                       "schema.registry.urls: No such configuration property. Did you mean "
                       "schema.registry.url?"));
}

}  // namespace
}  // namespace kpipe
