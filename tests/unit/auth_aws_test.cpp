// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "common/auth/aws_credentials.hpp"
#include "common/auth/aws_endpoints.hpp"
#include "common/auth/aws_profiles.hpp"
#include "common/auth/aws_region.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;

/// An environment without a word of AWS, and a home of its own.
class AuthAws : public testing::Test {
 protected:
  AuthAws() {
    std::filesystem::create_directories(home + "/.aws");
    ::setenv("HOME", home.c_str(), 1);
    for (const char* const name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
          "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
          "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"})
      ::unsetenv(name);
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  }
  ~AuthAws() override {
    std::filesystem::remove_all(home);
    if (old_home.empty()) {
      ::unsetenv("HOME");
    } else {
      ::setenv("HOME", old_home.c_str(), 1);
    }
    for (const char* const name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_PROFILE",
          "AWS_EC2_METADATA_DISABLED", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI"})
      ::unsetenv(name);
  }

  void config(const std::string& text) { std::ofstream(home + "/.aws/config") << text; }
  void credentials(const std::string& text) { std::ofstream(home + "/.aws/credentials") << text; }

  std::string key_of(const std::string& profile = {}) {
    AwsCredentialChain chain(profile, "eu-west-1", {});
    const AwsCredentials found = chain.get(cancelled);
    return found.access_key + "/" + found.secret_key.reveal() + "/" + found.session_token.reveal();
  }
  std::string refusal(const std::string& profile = {}) {
    return expect_error(Exit::config, [&] { key_of(profile); });
  }

  const std::string old_home = aws_variable("HOME");
  const std::string home = testing::TempDir() + "kpipe_aws_" + std::to_string(::getpid());
  const std::atomic<bool> cancelled = false;
};

TEST_F(AuthAws, the_environment_comes_first_and_a_named_profile_before_it) {
  credentials(
      "[default]\naws_access_key_id = D\naws_secret_access_key = d # comment\n"
      "[other]\naws_access_key_id=O\naws_secret_access_key=o/=+;\naws_session_token = t\n");
  EXPECT_EQ(key_of(), "D/d/");
  ::setenv("AWS_PROFILE", "other", 1);
  EXPECT_EQ(key_of(), "O/o/=+;/t");
  ::setenv("AWS_ACCESS_KEY_ID", "E", 1);
  EXPECT_TRUE(contains(refusal(), "AWS_SECRET_ACCESS_KEY is not"));
  ::setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
  EXPECT_EQ(key_of(), "E/e/");
  EXPECT_EQ(key_of("default"), "D/d/");
  EXPECT_EQ(key_of("other"), "O/o/=+;/t");
}

TEST_F(AuthAws, files_are_read_as_aws_has_them) {
  config(
      "[default]\nregion = eu-north-1\n[profile a b]\nregion=r1\ns3 =\n  region = nested\n"
      "[ profile 'quoted' ]\nregion = r2\n[sso-session x]\nregion = r3\n[plain]\nregion = r4\n"
      "; comment\n# comment\n[profile both]\naws_access_key_id = C\nregion = r5");
  credentials("[both]\naws_access_key_id = K\n[profile odd]\nregion = r6\n");
  const AwsProfiles profiles = read_aws_profiles();
  std::string all;
  for (const auto& [name, profile] : profiles) all += name + "=" + profile.text("region") + " ";
  EXPECT_EQ(all, "a b=r1 both=r5 default=eu-north-1 profile odd=r6 quoted=r2 ");
  EXPECT_EQ(profiles.at("both").text("aws_access_key_id"), "K") << "of the credentials file";
}

TEST_F(AuthAws, a_command_gives_credentials) {
  config(
      "[profile p]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"P\","
      "\"SecretAccessKey\":\"p\",\"SessionToken\":\"t\",\"Expiration\":\"2999-01-01T00:00:00Z\"}'\n"
      "[profile bad]\ncredential_process = echo secret\n"
      "[profile expired]\ncredential_process = printf '{\"AccessKeyId\":\"P\","
      "\"SecretAccessKey\":\"p\",\"Expiration\":\"2020-01-01T00:00:00Z\"}'\n");
  EXPECT_EQ(key_of("p"), "P/p/t");
  EXPECT_EQ(refusal("bad"), "AWS profile bad: credential_process: not JSON");
  EXPECT_EQ(expect_error(Exit::no_permission, [&] { key_of("expired"); }),
            "AWS profile expired: credential_process: the credentials expired at "
            "2020-01-01T00:00:00Z");
}

TEST_F(AuthAws, temporary_credentials_are_kept_until_near_their_end) {
  const auto chain_of = [&](const std::string& life) {
    std::filesystem::remove(home + "/count");
    config("[default]\ncredential_process = echo >>'" + home +
           "/count'; printf '{\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"p\",\"Expiration\":"
           "\"%s\"}' \"$(date -u -d '" +
           life + "' +%Y-%m-%dT%H:%M:%SZ)\"\n");
    AwsCredentialChain chain("default", "eu-west-1", {});
    for (int i = 0; i < 3; ++i) chain.get(cancelled);
    return std::filesystem::file_size(home + "/count");
  };
  EXPECT_EQ(chain_of("+1 hour"), 1U);
  EXPECT_EQ(chain_of("+4 minutes"), 3U);
}

TEST_F(AuthAws, mistakes_are_named) {
  EXPECT_TRUE(contains(refusal(), "none found. Tried AWS_ACCESS_KEY_ID, "));
  EXPECT_TRUE(contains(refusal("nobody"), "AWS profile nobody: there is none"));
  config(
      "[profile half]\naws_access_key_id = K\n[profile bare]\nregion = r\n"
      "[profile loop]\nrole_arn = a\nsource_profile = pool\n"
      "[profile pool]\nrole_arn = b\nsource_profile = loop\n"
      "[profile alone]\nrole_arn = a\n[profile sso]\nsso_session = s\n"
      "[profile mfa]\nrole_arn = a\nmfa_serial = m\nsource_profile = bare\n"
      "[profile from]\nrole_arn = a\ncredential_source = Moon\n"
      "[profile env]\nrole_arn = a\ncredential_source = Environment\n"
      "[profile empty]\nrole_arn = a\nsource_profile = bare\n");
  EXPECT_TRUE(contains(refusal("half"), "aws_secret_access_key is not"));
  EXPECT_TRUE(contains(refusal("bare"), "profile bare has none"));
  EXPECT_TRUE(contains(refusal("loop"), "leads back to it"));
  EXPECT_TRUE(contains(refusal("alone"), "role_arn needs source_profile"));
  EXPECT_TRUE(contains(refusal("sso"), "aws configure export-credentials --profile sso"));
  EXPECT_TRUE(contains(refusal("mfa"), "a code from a person"));
  EXPECT_TRUE(contains(refusal("from"), "credential_source Moon is unknown"));
  EXPECT_TRUE(contains(refusal("env"), "AWS_ACCESS_KEY_ID is not set"));
  EXPECT_TRUE(contains(refusal("empty"), "source_profile bare has no credentials"));
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://elsewhere.example/?token=secret", 1);
  EXPECT_EQ(refusal(),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI: http://elsewhere.example/: refused: http only to "
            "this machine. Use https");
  ::setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere", 1);
  EXPECT_TRUE(contains(refusal(), "AWS_ROLE_ARN is not"));
}

TEST_F(AuthAws, the_region_comes_from_the_brokers_names) {
  EXPECT_EQ(region_of_brokers("b-1.demo.abc123.c2.kafka.us-east-1.amazonaws.com:9098"),
            "us-east-1");
  EXPECT_EQ(region_of_brokers("h:1,SASL_SSL://b-2.d.kafka.cn-north-1.amazonaws.com.cn:9098"),
            "cn-north-1");
  EXPECT_EQ(region_of_brokers("boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com:9098"),
            "eu-west-1");
  EXPECT_EQ(region_of_brokers("localhost:9092, kafka.us-east-1.example.com"), "");
  EXPECT_EQ(region_of_brokers("b-1.kafka.us-east-1.amazonaws.com.evil.example"), "");
  EXPECT_EQ(region_of_brokers("b-1.kafka.amazonaws.com"), "");

  const std::string broker = "b-1.x.kafka.us-east-1.amazonaws.com:9098";
  EXPECT_TRUE(contains(expect_error(Exit::config, [] { aws_region("", "h:1", ""); }),
                       "-X aws.region=REGION"));
  config("[default]\nregion = r1\n[profile p]\nregion = r2\n");
  EXPECT_EQ(aws_region("", "h:1", ""), "r1");
  EXPECT_EQ(aws_region("", "h:1", "p"), "r2");
  ::setenv("AWS_REGION", "r3", 1);
  EXPECT_EQ(aws_region("", "h:1", "p"), "r3");
  EXPECT_EQ(aws_region("", broker, ""), "us-east-1");
  EXPECT_EQ(aws_region("r4", broker, ""), "r4");
}

TEST(AuthAwsEndpoints, answers_of_sts_and_metadata) {
  const AwsCredentials sts = parse_sts_answer(
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
      "<SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t==</SessionToken>"
      "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>",
      "w");
  EXPECT_EQ(sts.access_key + sts.secret_key.reveal() + sts.session_token.reveal(), "As/+=t==");
  EXPECT_EQ(sts.expires_at_ms, 32'472'144'000'000);
  EXPECT_EQ(expect_error(Exit::config, [] { parse_sts_answer("<html>", "w"); }),
            "w: there are no credentials in the answer");
  EXPECT_EQ(expect_error(Exit::no_permission,
                         [] {
                           parse_aws_credentials(R"({"Code":"AssumeRoleUnauthorizedAccess",
                                                    "Message":"EC2 cannot assume"})",
                                                 "w");
                         }),
            "w: AssumeRoleUnauthorizedAccess: EC2 cannot assume");
  EXPECT_EQ(expect_error(Exit::config,
                         [] {
                           parse_aws_credentials(R"({"AccessKeyId":"A","SecretAccessKey":"s",
                                                    "Expiration":"soon"})",
                                                 "w");
                         }),
            "w: Expiration is not a time: soon");
  for (const char* const host : {"127.0.0.1:80", "localhost", "169.254.170.2", "[::1]:1"})
    EXPECT_TRUE(is_container_host(host)) << host;
  for (const char* const host : {"h", "127.0.0.1.example", "[fd00::1]", "", "[::1"})
    EXPECT_FALSE(is_container_host(host)) << host;
}

}  // namespace
}  // namespace kpipe
