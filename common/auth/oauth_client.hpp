// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/auth/token.hpp"
#include "common/base/error.hpp"
#include "common/http/http_client.hpp"

namespace kpipe {

/// Who asks a token server for what (RFC 6749 4.4, client credentials).
struct OAuthClientOptions {
  std::string token_url;
  std::string client_id;
  std::function<Secret()> client_secret;  ///< looked up for each request: it may be rotated
  std::string scope;                      ///< empty: not sent
  std::string audience;  ///< empty: not sent; not of the RFC, but Auth0 asks for it
  std::chrono::milliseconds token_life{300'000};  ///< of a token that does not say it
};

/// Asks a token server. The client's id and secret go as HTTP basic authentication, as every server
/// must take them (RFC 6749 2.3.1); one that refuses them so gets them in the form, and always from
/// then on.
class OAuthClient {
 public:
  OAuthClient(OAuthClientOptions options, HttpOptions http);

  /// Throws Error with the server's words: no_permission (invalid_client and the like),
  /// config (not a token server, no such scope), unavailable (no answer, status 5xx).
  AccessToken fetch(const std::atomic<bool>& cancelled);

 private:
  HttpResponse ask(bool in_form, const std::atomic<bool>& cancelled);

  OAuthClientOptions options_;
  HttpClient http_;
  bool in_form_ = false;
};

/// What a token server's refusal says, with the status that fits. `where` is its address.
Error oauth_error(const std::string& where, const HttpResponse& response);

}  // namespace kpipe
