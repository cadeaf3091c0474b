// SPDX-License-Identifier: Apache-2.0
#include "common/auth/aws_endpoints.hpp"

#include <algorithm>
#include <array>

#include "common/auth/aws_profiles.hpp"
#include "common/auth/aws_region.hpp"
#include "common/auth/json_members.hpp"
#include "common/base/clock.hpp"
#include "common/base/fd.hpp"
#include "common/base/parse.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMaxWords = 300;  ///< of an answer that messages repeat

std::string without_line_ends(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

/// The text of the first element of this name; AWS's keys and tokens have nothing to unescape.
std::string element(std::string_view xml, const std::string& name) {
  const std::string begin = "<" + name + ">";
  const std::size_t at = xml.find(begin);
  if (at == std::string_view::npos) return {};
  const std::size_t end = xml.find("</" + name + ">", at);
  if (end == std::string_view::npos) return {};
  return std::string(xml.substr(at + begin.size(), end - at - begin.size()));
}

AwsCredentials complete(AwsCredentials credentials, const std::string& expiration,
                        const std::string& where) {
  if (credentials.access_key.empty() || credentials.secret_key.empty())
    throw Error(Exit::config, where + ": there are no credentials in the answer");
  if (!expiration.empty()) {
    credentials.expires_at_ms = parse_timestamp(expiration);
    if (!credentials.expires_at_ms)
      throw Error(Exit::config, where + ": Expiration is not a time: " + expiration);
    if (*credentials.expires_at_ms <= wall_clock_ms())
      throw Error(Exit::no_permission, where + ": the credentials expired at " + expiration);
  }
  return credentials;
}

Exit exit_of(int status) {
  if (status == 429 || status >= 500) return Exit::unavailable;
  return status == 404 ? Exit::config : Exit::no_permission;
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

// -------------------------------------------------------------------------------------------- STS

/// `by`: who signs; nullptr: nobody need.
AwsCredentials ask_sts(Fields form, const AwsRole& role, const AwsCredentials* by,
                       const AwsCall& call) {
  form.emplace_back("Version", "2011-06-15");
  form.emplace_back("RoleArn", role.arn);
  form.emplace_back("RoleSessionName", role.session_name.empty() ? "kpipe" : role.session_name);
  if (!role.external_id.empty()) form.emplace_back("ExternalId", role.external_id);
  if (!role.duration_s.empty()) form.emplace_back("DurationSeconds", role.duration_s);

  HttpRequest request;
  request.method = HttpRequest::Method::post;
  request.url = aws_service_url("sts", call.region) + "/";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = query_text(form);
  if (by != nullptr) {
    const AwsRequest to_sign{"POST", host_of(request.url), "/", {}, request.headers, request.body};
    for (HttpHeader& header :
         signature_headers(to_sign, *by, {call.region, "sts", wall_clock_ms() / 1000}))
      request.headers.push_back(std::move(header));
  }
  const std::string where = "AWS STS, role " + role.arn + ": ";
  HttpResponse response;
  try {
    response = HttpClient(call.http).send(request, &call.cancelled);
  } catch (const Error& error) {
    throw Error(error.exit(), where + error.what());
  }
  wipe(request.body);
  if (!response.ok()) {
    const std::string code = element(response.body, "Code");
    throw Error(exit_of(response.status),
                where + (code.empty() ? "status " + std::to_string(response.status) : code) + ": " +
                    element(response.body, "Message").substr(0, kMaxWords));
  }
  AwsCredentials credentials = parse_sts_answer(response.body, where + shown_url(request.url));
  wipe(response.body);
  return credentials;
}

// --------------------------------------------------------------------------------------- metadata

/// They are on this machine or next to it: who does not answer soon is not there.
HttpOptions metadata_options() {
  HttpOptions options;
  options.connect_timeout = std::chrono::seconds(1);
  options.timeout = std::chrono::seconds(2);
  options.proxy = false;
  return options;
}

std::string body_of(HttpClient& http, const HttpRequest& request, const AwsCall& call) {
  HttpResponse response = http.send(request, &call.cancelled);
  if (response.ok()) return std::move(response.body);
  const auto members = JsonMembers::parse(response.body);
  const std::string words = members ? members->text("message").substr(0, kMaxWords) : "";
  throw Error(exit_of(response.status), shown_url(request.url) + ": status " +
                                            std::to_string(response.status) +
                                            (words.empty() ? "" : ": " + words));
}

}  // namespace

AwsCredentials assume_role(const AwsRole& role, const AwsCredentials& by, const AwsCall& call) {
  return ask_sts({{"Action", "AssumeRole"}}, role, &by, call);
}

AwsCredentials assume_role_by_token_file(const AwsRole& role, const std::string& token_file,
                                         const AwsCall& call) {
  const std::string token = without_line_ends(read_file(token_file));
  return ask_sts({{"Action", "AssumeRoleWithWebIdentity"}, {"WebIdentityToken", token}}, role,
                 nullptr, call);
}

bool is_container_host(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(0, std::min(host.find(']') + 1, host.size()));
  } else {
    host = host.substr(0, host.find(':'));
  }
  constexpr std::array<std::string_view, 6> known{
      "localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]", "127.0.0.1"};
  return std::find(known.begin(), known.end(), host) != known.end();
}

bool has_container_endpoint() {
  return !aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
         !aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
}

AwsCredentials container_credentials(const AwsCall& call) {
  HttpRequest request;
  const std::string relative = aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  request.url = relative.empty() ? aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                 : "http://169.254.170.2" + relative;
  if (!request.url.starts_with("https://") && !is_container_host(host_of(request.url))) {
    throw Error(Exit::config, "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + shown_url(request.url) +
                                  ": refused: http only to this machine. Use https");
  }
  std::string token = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string token_file = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!token_file.empty()) token = without_line_ends(read_file(token_file));
  if (!token.empty()) {
    if (token.find_first_of("\r\n") != std::string::npos)
      throw Error(Exit::config, "AWS_CONTAINER_AUTHORIZATION_TOKEN: more than one line");
    request.headers.push_back({"Authorization", token});
  }
  HttpOptions options = metadata_options();
  options.ca_location = call.http.ca_location;
  options.ca_pem = call.http.ca_pem;
  HttpClient http(options);
  const Secret body(body_of(http, request, call));
  return parse_aws_credentials(body.reveal(), shown_url(request.url));
}

bool has_instance_endpoint() {
  std::string disabled = aws_variable("AWS_EC2_METADATA_DISABLED");
  for (char& c : disabled) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return disabled != "true";
}

AwsCredentials instance_credentials(const AwsCall& call) {
  std::string endpoint = aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (endpoint.empty()) endpoint = "http://169.254.169.254";
  HttpClient http(metadata_options());
  const std::string token = body_of(http,
                                    {HttpRequest::Method::put,
                                     endpoint + "/latest/api/token",
                                     {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                                     {}},
                                    call);
  const std::vector<HttpHeader> session{{"X-aws-ec2-metadata-token", token}};
  const std::string list = endpoint + "/latest/meta-data/iam/security-credentials/";
  std::string role = body_of(http, {HttpRequest::Method::get, list, session, {}}, call);
  role = role.substr(0, role.find_first_of("\r\n"));
  if (role.empty()) throw Error(Exit::config, shown_url(list) + ": the instance has no role");
  const std::string url = list + percent_encoded(role);
  const Secret body(body_of(http, {HttpRequest::Method::get, url, session, {}}, call));
  return parse_aws_credentials(body.reveal(), shown_url(url));
}

AwsCredentials parse_aws_credentials(std::string_view json, const std::string& where) {
  const auto members = JsonMembers::parse(json);
  if (!members) throw Error(Exit::config, where + ": not JSON");
  const std::string code = members->text("Code");
  if (!code.empty() && code != "Success") {
    throw Error(Exit::no_permission,
                where + ": " + code + ": " + members->text("Message").substr(0, kMaxWords));
  }
  AwsCredentials credentials;
  credentials.access_key = members->text("AccessKeyId");
  credentials.secret_key = members->secret("SecretAccessKey");
  credentials.session_token = members->secret("SessionToken");
  if (credentials.session_token.empty()) credentials.session_token = members->secret("Token");
  return complete(std::move(credentials), members->text("Expiration"), where);
}

AwsCredentials parse_sts_answer(std::string_view xml, const std::string& where) {
  AwsCredentials credentials;
  credentials.access_key = element(xml, "AccessKeyId");
  credentials.secret_key = Secret(element(xml, "SecretAccessKey"));
  credentials.session_token = Secret(element(xml, "SessionToken"));
  return complete(std::move(credentials), element(xml, "Expiration"), where);
}

}  // namespace kpipe
