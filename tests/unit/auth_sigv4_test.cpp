// SPDX-License-Identifier: Apache-2.0
#include "common/auth/sigv4.hpp"

#include <gtest/gtest.h>

#include "common/auth/msk_token.hpp"
#include "common/wire/json_text.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

AwsCredentials example(const std::string& session = {}) {
  return {"AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Secret(session), {}};
}

constexpr std::int64_t kAugust2015 = 1440938160;   // 20150830T123600Z
constexpr std::int64_t kJanuary2026 = 1767323045;  // 20260102T030405Z

std::string authorization(const AwsRequest& request, const AwsScope& scope,
                          const std::string& session = {}) {
  return signature_headers(request, example(session), scope).back().value;
}

/// AWS's own examples: its Signature Version 4 test suite, and ListUsers of the reference.
TEST(AuthSigV4, signs_what_aws_publishes) {
  const AwsScope scope{"us-east-1", "service", kAugust2015};
  const std::string begin =
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=";
  const std::string host = "example.amazonaws.com";
  EXPECT_EQ(authorization({"GET", host, "/", {}, {}, {}}, scope),
            begin + "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(authorization({"POST", host, "/", {}, {}, {}}, scope),
            begin + "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(authorization({"GET", host, "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}, {}},
                          scope),
            begin + "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(authorization({"GET",
                           "iam.amazonaws.com",
                           "/",
                           {{"Action", "ListUsers"}, {"Version", "2010-05-08"}},
                           {{"Content-Type", "application/x-www-form-urlencoded;  charset=utf-8 "}},
                           {}},
                          {"us-east-1", "iam", kAugust2015}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

/// A request to AWS Glue with temporary credentials; botocore 1.44 signs it so.
TEST(AuthSigV4, signs_bodies_and_temporary_credentials) {
  const AwsRequest request{"POST",
                           "glue.eu-west-1.amazonaws.com",
                           "/",
                           {},
                           {{"X-Amz-Target", "AWSGlue.GetSchemaVersion"},
                            {"Content-Type", "application/x-amz-json-1.1"}},
                           R"({"SchemaVersionId":"b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63"})"};
  const auto headers =
      signature_headers(request, example("tok/en+=="), {"eu-west-1", "glue", kAugust2015});
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name + "=" + headers[0].value, "X-Amz-Date=20150830T123600Z");
  EXPECT_EQ(headers[1].name + "=" + headers[1].value, "X-Amz-Security-Token=tok/en+==");
  EXPECT_EQ(headers[2].value,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/glue/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
            "Signature=5fd6b9600260bb7b9c1064711f5030717a976761d07442ee8b280b25b0ecd5fa");
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  std::string out;
  EXPECT_TRUE(append_base64_decoded(out, text));
  return out;
}

/// AWS's own signer for Python, version 1.0.2, makes this of the same clock, keys and user agent.
TEST(AuthMskToken, is_that_of_awss_own_signer) {
  const AccessToken token = msk_token(example("tok/en+=="), "eu-west-1", kJanuary2026,
                                      "aws-msk-iam-sasl-signer-python/1.0.2");
  EXPECT_EQ(decoded(token.value.reveal()),
            "https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm="
            "AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-west-1%2Fkafka-cluster"
            "%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
            "&X-Amz-Security-Token=tok%2Fen%2B%3D%3D&X-Amz-Signature="
            "f5e5c82a01f07196194575bb5105d88ced5711515338e9d889784fef00fcb354&User-Agent="
            "aws-msk-iam-sasl-signer-python%2F1.0.2");
  EXPECT_EQ(token.value.reveal().find('='), std::string::npos);
  EXPECT_EQ(token.expires_at_ms, 1767323945000);
  EXPECT_EQ(token.principal, "AKIDEXAMPLE");
}

TEST(AuthMskToken, ends_with_the_credentials) {
  AwsCredentials credentials = example();
  credentials.expires_at_ms = (kJanuary2026 + 60) * 1000;
  const AccessToken token = msk_token(credentials, "eu-west-1", kJanuary2026, msk_user_agent());
  EXPECT_EQ(token.expires_at_ms, (kJanuary2026 + 60) * 1000);
  const std::string url = decoded(token.value.reveal());
  EXPECT_FALSE(unit::contains(url, "Security-Token"));
  EXPECT_TRUE(unit::contains(url, "&User-Agent=kpipe%2F"));
}

}  // namespace
}  // namespace kpipe
