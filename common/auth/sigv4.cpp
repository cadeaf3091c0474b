// SPDX-License-Identifier: Apache-2.0
#include "common/auth/sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Error(Exit::software, "SHA-256: OpenSSL refuses it");
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

Secret hmac(const Secret& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr)
    throw Error(Exit::software, "HMAC-SHA-256: OpenSSL refuses it");
  return Secret(std::string(reinterpret_cast<const char*>(digest.data()), size));
}

/// "20260102T030405Z"
std::string timestamp(std::int64_t now_s) {
  const auto seconds = static_cast<std::time_t>(now_s);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc)};
}

std::string credential_scope(const AwsScope& scope) {
  return timestamp(scope.now_s).substr(0, 8) + "/" + scope.region + "/" + scope.service +
         "/aws4_request";
}

/// Without blanks at the ends, and one for several within.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// Names in small letters, sorted.
Fields canonical_headers(const AwsRequest& request) {
  Fields headers{{"host", request.host}};
  for (const HttpHeader& header : request.headers) {
    headers.emplace_back(lower(header.name), trimmed(header.value));
  }
  std::stable_sort(headers.begin(), headers.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return headers;
}

std::string signed_names(const Fields& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

/// By the encoded names, then values.
std::string canonical_query(const Fields& query) {
  Fields encoded;
  for (const auto& [name, value] : query)
    encoded.emplace_back(percent_encoded(name), percent_encoded(value));
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string signature(const AwsRequest& request, const Fields& headers,
                      const AwsCredentials& credentials, const AwsScope& scope) {
  std::string canonical =
      request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : headers) canonical += name + ":" + value + "\n";
  canonical += "\n" + signed_names(headers) + "\n" + sha256_hex(request.body);

  const std::string time = timestamp(scope.now_s);
  const std::string to_sign = std::string(kAlgorithm) + "\n" + time + "\n" +
                              credential_scope(scope) + "\n" + sha256_hex(canonical);
  Secret key("AWS4" + credentials.secret_key.reveal());
  for (const std::string& part :
       {time.substr(0, 8), scope.region, scope.service, std::string("aws4_request")})
    key = hmac(key, part);
  return hex(hmac(key, to_sign).reveal());
}

}  // namespace

std::string presigned_url(const AwsRequest& request, const AwsCredentials& credentials,
                          const AwsScope& scope, std::chrono::seconds valid_for) {
  AwsRequest whole = request;
  const Fields headers = canonical_headers(request);
  whole.query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  whole.query.emplace_back("X-Amz-Credential",
                           credentials.access_key + "/" + credential_scope(scope));
  whole.query.emplace_back("X-Amz-Date", timestamp(scope.now_s));
  whole.query.emplace_back("X-Amz-Expires", std::to_string(valid_for.count()));
  whole.query.emplace_back("X-Amz-SignedHeaders", signed_names(headers));
  if (!credentials.session_token.empty())
    whole.query.emplace_back("X-Amz-Security-Token", credentials.session_token.reveal());
  return "https://" + request.host + request.path + "?" + query_text(whole.query) +
         "&X-Amz-Signature=" + signature(whole, headers, credentials, scope);
}

std::vector<HttpHeader> signature_headers(const AwsRequest& request,
                                          const AwsCredentials& credentials,
                                          const AwsScope& scope) {
  AwsRequest whole = request;
  std::vector<HttpHeader> added{{"X-Amz-Date", timestamp(scope.now_s)}};
  if (!credentials.session_token.empty())
    added.push_back({"X-Amz-Security-Token", credentials.session_token.reveal()});
  whole.headers.insert(whole.headers.end(), added.begin(), added.end());
  const Fields headers = canonical_headers(whole);
  added.push_back(
      {"Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" +
                            credential_scope(scope) + ", SignedHeaders=" + signed_names(headers) +
                            ", Signature=" + signature(whole, headers, credentials, scope)});
  return added;
}

}  // namespace kpipe
