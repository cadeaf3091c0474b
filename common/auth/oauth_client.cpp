// SPDX-License-Identifier: Apache-2.0
#include "common/auth/oauth_client.hpp"

#include "common/auth/json_members.hpp"
#include "common/auth/token_answer.hpp"
#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/http/percent.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMaxWords = 300;  ///< of a server's description that messages repeat

std::string base64(std::string_view text) {
  OutBuffer out;
  append_base64(out, text);
  return std::string(out.view());
}

/// The refusal that means the client itself (RFC 6749 5.2); some servers send it with 400.
bool refuses_client(const HttpResponse& response) {
  if (response.status == 401) return true;
  const auto members = JsonMembers::parse(response.body);
  return response.status == 400 && members && members->text("error") == "invalid_client";
}

}  // namespace

Error oauth_error(const std::string& where, const HttpResponse& response) {
  const auto members = JsonMembers::parse(response.body);
  const std::string code = members ? members->text("error") : std::string();
  std::string said = "status " + std::to_string(response.status);
  if (!code.empty()) {
    said = code;
    const std::string words = members->text("error_description").substr(0, kMaxWords);
    if (!words.empty()) said += ": " + words;
  }
  said = where + ": " + said;
  constexpr const char* client =
      ". Check sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret";
  if (code == "invalid_scope") return Error(Exit::config, said + ". Check sasl.oauthbearer.scope");
  if (code == "invalid_client" || code == "unauthorized_client" || code == "invalid_grant" ||
      code == "access_denied" || response.status == 401 || response.status == 403)
    return Error(Exit::no_permission, said + client);
  if (response.status == 408 || response.status == 429 || response.status >= 500)
    return Error(Exit::unavailable, said);
  return Error(Exit::config, said + ". Check sasl.oauthbearer.token.endpoint.url");
}

OAuthClient::OAuthClient(OAuthClientOptions options, HttpOptions http)
    : options_(std::move(options)), http_(std::move(http)) {}

HttpResponse OAuthClient::ask(bool in_form, const std::atomic<bool>& cancelled) {
  Secret secret = options_.client_secret();
  Fields form{{"grant_type", "client_credentials"}};
  if (!options_.scope.empty()) form.emplace_back("scope", options_.scope);
  if (!options_.audience.empty()) form.emplace_back("audience", options_.audience);
  HttpRequest request;
  request.method = HttpRequest::Method::post;
  request.url = options_.token_url;
  request.headers = {{"Accept", "application/json"},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  if (in_form) {
    form.emplace_back("client_id", options_.client_id);
    form.emplace_back("client_secret", secret.reveal());
  } else {
    const Secret pair(percent_encoded(options_.client_id) + ":" + percent_encoded(secret.reveal()));
    request.headers.push_back({"Authorization", "Basic " + base64(pair.reveal())});
  }
  request.body = query_text(form);
  HttpResponse response = http_.send(request, &cancelled);
  wipe(form.back().second);
  wipe(request.body);
  wipe(request.headers.back().value);
  return response;
}

AccessToken OAuthClient::fetch(const std::atomic<bool>& cancelled) {
  const std::string address = shown_url(options_.token_url);
  try {
    HttpResponse response = ask(in_form_, cancelled);
    if (!in_form_ && refuses_client(response)) {
      HttpResponse second = ask(true, cancelled);
      if (second.ok()) {
        in_form_ = true;
        response = std::move(second);
      }
    }
    if (!response.ok()) throw oauth_error(address, response);
    AccessToken token =
        parse_token(response.body, address + ": its answer", wall_clock_ms(), options_.token_life);
    wipe(response.body);
    return token;
  } catch (const Error& error) {
    throw Error(error.exit(), std::string("OAUTHBEARER token: ") + error.what());
  }
}

}  // namespace kpipe
