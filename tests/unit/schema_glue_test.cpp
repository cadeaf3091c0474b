// SPDX-License-Identifier: Apache-2.0
#include "common/schema/glue_registry.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;
using Kind = GlueAnswer::Kind;

std::string version_of(const std::string& format, const std::string& status = "AVAILABLE") {
  return R"({"SchemaVersionId":"b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63","DataFormat":")" + format +
         R"(","Status":")" + status + R"(","SchemaDefinition":"\"string\""})";
}

TEST(GlueAnswer, reads_schemas) {
  GlueAnswer answer = read_glue_answer(200, version_of("AVRO"));
  EXPECT_EQ(answer.kind, Kind::schema);
  EXPECT_EQ(answer.text, "\"string\"");
  EXPECT_EQ(read_glue_answer(200, version_of("JSON")).type, SchemaType::json);
  EXPECT_EQ(read_glue_answer(200, version_of("PROTOBUF")).type, SchemaType::protobuf);
  EXPECT_EQ(read_glue_answer(200, version_of("XML")).kind, Kind::unusable);
  EXPECT_EQ(read_glue_answer(200, version_of("AVRO", "DELETING")).kind, Kind::schema);
  EXPECT_EQ(read_glue_answer(200, version_of("AVRO", "PENDING")).kind, Kind::pending);
  EXPECT_EQ(read_glue_answer(200, version_of("AVRO", "FAILURE")).kind, Kind::unusable);
}

TEST(GlueAnswer, tells_refusals_from_outages) {
  const auto kind = [](int status, const std::string& type) {
    return read_glue_answer(status, R"({"__type":")" + type + R"(","Message":"no"})").kind;
  };
  EXPECT_EQ(kind(400, "EntityNotFoundException"), Kind::missing);
  EXPECT_EQ(kind(400, "com.amazonaws.glue#EntityNotFoundException"), Kind::missing);
  for (const char* const type :
       {"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException",
        "ExpiredTokenException", "MissingAuthenticationTokenException"})
    EXPECT_EQ(kind(400, type), Kind::refused) << type;
  EXPECT_EQ(kind(403, "Whatever"), Kind::refused);
  for (const char* const type : {"ThrottlingException", "InternalServiceException"})
    EXPECT_EQ(kind(400, type), Kind::outage) << type;
  EXPECT_EQ(read_glue_answer(503, "").kind, Kind::outage);
  EXPECT_EQ(read_glue_answer(429, "").kind, Kind::outage);
  EXPECT_EQ(kind(400, "InvalidInputException"), Kind::unexpected);
  EXPECT_EQ(read_glue_answer(200, "<html>").kind, Kind::unexpected);
  EXPECT_EQ(read_glue_answer(200, "{}").kind, Kind::unexpected);
  EXPECT_EQ(read_glue_answer(400, R"({"__type":"X","message":"small letters"})").words,
            "X: small letters");
}

const std::atomic<bool> kNotCancelled{false};
const SchemaId kId{0,
                   {0xb7, 0xb4, 0xa7, 0xf0, 0x9c, 0x96, 0x4e, 0x4a, 0xa6, 0x87, 0xfb, 0x5d, 0xe9,
                    0xef, 0x0c, 0x63},
                   true};

/// One that gets `response`, and keeps what was sent.
struct Asked {
  HttpResponse response;
  HttpRequest sent;
  GlueRegistry registry;

  explicit Asked(HttpResponse given,
                 const std::string& endpoint = "https://glue.eu-west-1.amazonaws.com")
      : response(std::move(given)),
        registry(
            options_of(endpoint),
            [this](const HttpRequest& request, const std::atomic<bool>&) {
              sent = request;
              return response;
            },
            [](const std::atomic<bool>&) {
              return AwsCredentials{"AKIDEXAMPLE",
                                    Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                                    Secret("tok/en+=="),
                                    {}};
            },
            [] { return std::int64_t{1440938160}; }) {}

  static RegistryOptions options_of(const std::string& endpoint) {
    RegistryOptions options;
    options.kind = RegistryOptions::Kind::glue;
    options.region = "eu-west-1";
    options.endpoint = endpoint;
    options.registry_name = "shop";
    return options;
  }
};

/// botocore 1.44 signs this request so; see auth_sigv4_test.cpp.
TEST(GlueRegistry, signs_as_aws_does) {
  Asked asked({200, version_of("AVRO")});
  EXPECT_EQ(asked.registry.schema(kId, kNotCancelled).schema->text, "\"string\"");
  EXPECT_EQ(asked.sent.body, R"({"SchemaVersionId":"b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63"})");
  std::string headers;
  for (const HttpHeader& header : asked.sent.headers)
    headers += header.name + ": " + header.value + "\n";
  EXPECT_EQ(headers,
            "X-Amz-Target: AWSGlue.GetSchemaVersion\n"
            "Content-Type: application/x-amz-json-1.1\n"
            "X-Amz-Date: 20150830T123600Z\n"
            "X-Amz-Security-Token: tok/en+==\n"
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/eu-west-1/glue/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
            "Signature=5fd6b9600260bb7b9c1064711f5030717a976761d07442ee8b280b25b0ecd5fa\n");
}

TEST(GlueRegistry, names_what_it_looks_for) {
  Asked asked({200, version_of("AVRO")});
  asked.registry.latest("or\"ders", kNotCancelled);
  EXPECT_EQ(asked.sent.body, R"({"SchemaId":{"RegistryName":"shop","SchemaName":"or\"ders"},)"
                             R"("SchemaVersionNumber":{"LatestVersion":true}})");
  EXPECT_TRUE(contains(asked.registry.schema({7, {}, false}, kNotCancelled).reason, "Confluent"));
  asked.response = {400, R"({"__type":"EntityNotFoundException","Message":"no such"})"};
  EXPECT_EQ(asked.registry.schema(kId, kNotCancelled).reason,
            "is unknown to the registry "
            "(EntityNotFoundException: no such)");
}

TEST(GlueRegistry, says_why_it_cannot_go_on) {
  Asked asked({400, R"({"__type":"AccessDeniedException","Message":"not authorized"})"},
              "http://127.0.0.1:4566");
  const auto ask = [&] { asked.registry.schema(kId, kNotCancelled); };
  EXPECT_TRUE(contains(expect_error(Exit::no_permission, ask),
                       "AWS Glue: http://127.0.0.1:4566: AccessDeniedException: not authorized. It "
                       "takes the right glue:GetSchemaVersion"));
  asked.response = {400, R"({"__type":"ThrottlingException"})"};
  expect_error(Exit::unavailable, ask);
  asked.response = {200, version_of("AVRO", "PENDING")};
  EXPECT_TRUE(contains(expect_error(Exit::unavailable, ask), "is still being checked"));
  asked.response = {404, "<html>"};
  expect_error(Exit::config, ask);
  asked.response = {200, version_of("AVRO")};
  ask();
  asked.response = {404, "<html>"};
  expect_error(Exit::unavailable, ask);
  expect_error(Exit::config, [] { Asked wrong({200, ""}, "glue.eu-west-1.amazonaws.com"); });
}

}  // namespace
}  // namespace kpipe
