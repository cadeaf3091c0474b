// SPDX-License-Identifier: Apache-2.0
#include "common/auth/token_answer.hpp"

#include <algorithm>

#include "common/auth/json_members.hpp"
#include "common/base/error.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// RFC 6750 2.1, without a check of where "=" stands.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::optional<TokenClaims> token_claims(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string payload(token.substr(first + 1, second - first - 1));
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  std::string text;
  if (!append_base64_decoded(text, payload)) return std::nullopt;
  const auto members = JsonMembers::parse(text);
  if (!members) return std::nullopt;
  TokenClaims claims;
  claims.subject = members->text("sub");
  // Beyond the year 9999 it is no time but a mistake.
  constexpr std::int64_t largest = 253'402'300'799;
  if (const auto seconds = members->number("exp"); seconds && *seconds > 0 && *seconds <= largest)
    claims.expires_at_ms = *seconds * kMsPerSecond;
  return claims;
}

AccessToken parse_token(std::string_view text, const std::string& where, std::int64_t now_ms,
                        std::chrono::milliseconds otherwise) {
  AccessToken token;
  std::optional<std::int64_t> lives_s;
  text = trimmed(text);
  if (text.starts_with('{')) {
    const auto members = JsonMembers::parse(text);
    if (!members) throw Error(Exit::config, where + ": not JSON");
    token.value = members->secret("access_token");
    if (token.value.empty()) throw Error(Exit::config, where + ": there is no access_token in it");
    lives_s = members->number("expires_in");
  } else {
    token.value = Secret(std::string(text));
  }
  if (token.value.empty()) throw Error(Exit::config, where + ": it is empty");
  if (!is_token(token.value.reveal()))
    throw Error(Exit::config, where + ": not a token: it has characters that no token has");

  const auto claims = token_claims(token.value.reveal());
  if (claims) token.principal = claims->subject;
  constexpr std::int64_t longest_s = 10LL * 365 * 24 * 3600;
  if (lives_s && *lives_s > 0) {
    const std::int64_t life_ms = std::min(*lives_s, longest_s) * kMsPerSecond;
    token.expires_at_ms = now_ms + life_ms;
    // The broker goes by what the token says, which has whole seconds only. Where it is far from
    // the server's word our clock is wrong.
    if (claims && claims->expires_at_ms && *claims->expires_at_ms - now_ms >= life_ms / 2)
      token.expires_at_ms = std::min(token.expires_at_ms, *claims->expires_at_ms);
  } else if (claims && claims->expires_at_ms) {
    token.expires_at_ms = *claims->expires_at_ms;
  } else {
    token.expires_at_ms = now_ms + otherwise.count();
  }
  if (token.expires_at_ms <= now_ms) {
    throw Error(Exit::no_permission,
                where + ": the token expired " +
                    std::to_string((now_ms - token.expires_at_ms) / kMsPerSecond) + " s ago");
  }
  return token;
}

}  // namespace kpipe
