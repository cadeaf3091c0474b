// SPDX-License-Identifier: Apache-2.0
#include "common/schema/glue_registry.hpp"

#include "common/base/out_buffer.hpp"
#include "common/http/percent.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

constexpr const char* kAction = "AWSGlue.GetSchemaVersion";
constexpr const char* kContentType = "application/x-amz-json-1.1";
constexpr const char* kDefaultRegistry = "default-registry";  ///< Glue's own name for it
/// Glue checks a new version within seconds.
constexpr std::chrono::seconds kPendingPause{1};

/// As libcurl writes the Host header: without a port that the scheme implies.
std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  std::string host = url.substr(begin, url.find('/', begin) - begin);
  const std::string implied = url.starts_with("https://") ? ":443" : ":80";
  if (host.ends_with(implied)) host.resize(host.size() - implied.size());
  return host;
}

std::string path_of(const std::string& url) {
  const std::size_t slash = url.find('/', url.find("://") + 3);
  return slash == std::string::npos ? "/" : url.substr(slash);
}

std::string json_string(const std::string& text) {
  OutBuffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

}  // namespace

GlueRegistry::GlueRegistry(RegistryOptions options, SendHttp send, Credentials credentials,
                           Clock clock)
    : options_(std::move(options)),
      send_(std::move(send)),
      credentials_(std::move(credentials)),
      clock_(std::move(clock)) {
  if (options_.endpoint.find("://") == std::string::npos)
    throw Error(Exit::config, "aws.glue.endpoint: an address begins with https:// or http://");
}

SchemaAnswer GlueRegistry::schema(const SchemaId& id, const std::atomic<bool>& cancelled) {
  if (!id.is_uuid)
    return missing_schema("is one of a registry with Confluent's API, not of AWS Glue");
  return ask(R"({"SchemaVersionId":")" + to_string(id) + R"("})", cancelled);
}

SchemaAnswer GlueRegistry::latest(const std::string& name, const std::atomic<bool>& cancelled) {
  const std::string registry =
      options_.registry_name.empty() ? kDefaultRegistry : options_.registry_name;
  return ask(R"({"SchemaId":{"RegistryName":)" + json_string(registry) + R"(,"SchemaName":)" +
                 json_string(name) + R"(},"SchemaVersionNumber":{"LatestVersion":true}})",
             cancelled);
}

HttpRequest GlueRegistry::signed_request(const std::string& body,
                                         const std::atomic<bool>& cancelled) const {
  AwsRequest request;
  request.method = "POST";
  request.host = host_of(options_.endpoint);
  request.path = path_of(options_.endpoint);
  request.headers = {{"X-Amz-Target", kAction}, {"Content-Type", kContentType}};
  request.body = body;
  HttpRequest sent{HttpRequest::Method::post, options_.endpoint, request.headers, body};
  for (HttpHeader& header :
       signature_headers(request, credentials_(cancelled), {options_.region, "glue", clock_()}))
    sent.headers.push_back(std::move(header));
  return sent;
}

SchemaAnswer GlueRegistry::ask(const std::string& body, const std::atomic<bool>& cancelled) {
  const HttpResponse response = send_(signed_request(body, cancelled), cancelled);
  GlueAnswer answer = read_glue_answer(response.status, response.body);
  const std::string said = "AWS Glue: " + shown_url(options_.endpoint) + ": " + answer.words;
  switch (answer.kind) {
    case GlueAnswer::Kind::refused:
      throw Error(Exit::no_permission,
                  said +
                      ". It takes the right glue:GetSchemaVersion, and AWS's usual credentials "
                      "(aws.profile, AWS_ACCESS_KEY_ID, a role)");
    case GlueAnswer::Kind::outage:
      throw RegistryOutage(said, response.retry_after);
    case GlueAnswer::Kind::unexpected:
      // A proxy before Glue may answer in its place for a while.
      if (answered_) throw RegistryOutage(said);
      throw Error(Exit::config, said + ". Check aws.region and aws.glue.endpoint");
    case GlueAnswer::Kind::pending:
      throw RegistryOutage(said, kPendingPause);
    default:
      break;
  }
  answered_ = true;
  if (answer.kind == GlueAnswer::Kind::missing)
    return missing_schema("is unknown to the registry (" + answer.words + ")");
  if (answer.kind == GlueAnswer::Kind::unusable) return missing_schema(answer.words);
  SchemaAnswer ready;
  ready.state = SchemaAnswer::State::ready;
  ready.schema = std::make_shared<const RegisteredSchema>(
      RegisteredSchema{answer.type, std::move(answer.text), {}});
  return ready;
}

}  // namespace kpipe
