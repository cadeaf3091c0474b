// SPDX-License-Identifier: Apache-2.0
#include "common/auth/msk_token.hpp"

#include <algorithm>

#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

constexpr std::chrono::seconds kLife{900};

/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view text) {
  OutBuffer buffer;
  append_base64(buffer, text);
  std::string out(buffer.view());
  out.resize(std::min(out.find('='), out.size()));
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

}  // namespace

std::string msk_user_agent() {
  return "kpipe/" KPIPE_VERSION;
}

AccessToken msk_token(const AwsCredentials& credentials, const std::string& region,
                      std::int64_t now_s, const std::string& user_agent) {
  AwsRequest request;
  request.host = "kafka." + region + ".amazonaws.com";
  request.query = {{"Action", "kafka-cluster:Connect"}};
  // The broker reads the user agent for its log; it is no part of what is signed.
  const std::string url =
      presigned_url(request, credentials, {region, "kafka-cluster", now_s}, kLife) + "&" +
      query_text({{"User-Agent", user_agent}});
  AccessToken token;
  token.value = Secret(base64url(url));
  token.expires_at_ms = (now_s + kLife.count()) * 1000;
  if (credentials.expires_at_ms)
    token.expires_at_ms = std::min(token.expires_at_ms, *credentials.expires_at_ms);
  token.principal = credentials.access_key;
  return token;
}

}  // namespace kpipe
