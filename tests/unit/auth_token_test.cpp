// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "common/auth/command.hpp"
#include "common/auth/oauth_client.hpp"
#include "common/auth/token_answer.hpp"
#include "common/auth/token_file.hpp"
#include "common/wire/json_text.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;
using unit::expect_error;

constexpr std::int64_t kNow = 1'767'323'045'000;

/// A JSON Web Token with this payload; nobody here looks at its signature.
std::string jwt(const std::string& payload) {
  OutBuffer encoded;
  append_base64(encoded, payload);
  std::string text(encoded.view());
  text.resize(std::min(text.find('='), text.size()));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return "eyJhbGciOiJSUzI1NiJ9." + text + ".c2ln";
}

AccessToken parsed(const std::string& text) {
  return parse_token(text, "w", kNow, milliseconds(300'000));
}

TEST(AuthTokenAnswer, lives_as_the_server_says) {
  const AccessToken token =
      parsed(R"({"token_type":"Bearer","access_token":"opaque-1","expires_in":90})");
  EXPECT_EQ(token.value.reveal(), "opaque-1");
  EXPECT_EQ(token.expires_at_ms, kNow + 90'000);
  EXPECT_EQ(parsed(R"({"access_token":"a","expires_in":"90"})").expires_at_ms, kNow + 90'000);
  EXPECT_EQ(parsed(R"({"access_token":"a","expires_in":90.5})").expires_at_ms, kNow + 90'000);
  // Our clock may be wrong; the server's word counts from now.
  const std::string old = jwt(R"({"sub":"app","exp":5})");
  EXPECT_EQ(parsed(R"({"access_token":")" + old + R"(","expires_in":90})").expires_at_ms,
            kNow + 90'000);
  // The token's own end, in whole seconds, is what the broker goes by.
  const auto ends = [](const std::string& exp) {
    return parsed(R"({"access_token":")" + jwt(R"({"exp":)" + exp + "}") + R"(","expires_in":90})")
        .expires_at_ms;
  };
  EXPECT_EQ(ends("1767323134"), kNow + 89'000);
  EXPECT_EQ(ends("1767323200"), kNow + 90'000);
  EXPECT_EQ(ends("1767323060"), kNow + 90'000);
}

TEST(AuthTokenAnswer, else_as_the_token_says_or_as_given) {
  const AccessToken token = parsed(jwt(R"({"sub":"app?>","exp":1767323105})") + "\n");
  EXPECT_EQ(token.expires_at_ms, kNow + 60'000);
  EXPECT_EQ(token.principal, "app?>");
  EXPECT_EQ(parsed(jwt(R"({"sub":"app"})")).expires_at_ms, kNow + 300'000);
  EXPECT_EQ(parsed(" opaque ").expires_at_ms, kNow + 300'000);
  EXPECT_EQ(parsed(R"({"access_token":"a","expires_in":99999999999999})").expires_at_ms,
            kNow + 10LL * 365 * 24 * 3600 * 1000);
  EXPECT_FALSE(token_claims("a.b"));
  EXPECT_FALSE(token_claims("a.%.c"));
  EXPECT_FALSE(token_claims("a.bm90IGpzb24.c"));
}

TEST(AuthTokenAnswer, refuses_what_is_none) {
  const auto refusal = [](const std::string& text) {
    return expect_error(Exit::config, [&] { parsed(text); });
  };
  EXPECT_EQ(refusal(""), "w: it is empty");
  EXPECT_EQ(refusal("{"), "w: not JSON");
  EXPECT_EQ(refusal(R"({"id_token":"a"})"), "w: there is no access_token in it");
  EXPECT_EQ(refusal("<html>"), "w: not a token: it has characters that no token has");
  EXPECT_EQ(refusal("two lines\nsecret"), "w: not a token: it has characters that no token has");
  EXPECT_EQ(expect_error(Exit::no_permission, [] { parsed(jwt(R"({"exp":1767323035})")); }),
            "w: the token expired 10 s ago");
}

TEST(AuthTokenFile, is_read_anew_each_time) {
  const std::string path = testing::TempDir() + "kpipe_token_" + std::to_string(::getpid());
  const std::atomic<bool> cancelled = false;
  const FetchToken fetch = token_from_file(path, milliseconds(60'000));
  EXPECT_EQ(expect_error(Exit::io, [&] { fetch(cancelled); }),
            "sasl.oauthbearer.token.file: " + path + ": No such file or directory");
  std::ofstream(path) << "first\n";
  EXPECT_EQ(fetch(cancelled).value.reveal(), "first");
  std::ofstream(path) << R"({"access_token":"second"})";
  EXPECT_EQ(fetch(cancelled).value.reveal(), "second");
  std::remove(path.c_str());
}

TEST(AuthCommand, gives_its_output) {
  const std::atomic<bool> cancelled = false;
  const auto output = [&](const std::string& command) {
    return output_of(command, "cmd", milliseconds(20'000), cancelled).reveal();
  };
  EXPECT_EQ(output("echo \"$((1+1))\"; cat"), "2\n") << "its stdin is empty";
  EXPECT_EQ(output("head -c 200000 /dev/zero | tr '\\0' x").size(), 200'000U);
  EXPECT_EQ(expect_error(Exit::config, [&] { output("echo secret; exit 3"); }),
            "cmd: exit status 3");
  EXPECT_EQ(expect_error(Exit::config, [&] { output("kill -9 $$"); }), "cmd: ended by signal 9");
  EXPECT_EQ(expect_error(Exit::config, [&] { output("cat /dev/zero"); }),
            "cmd: more than 1 MiB of output");
}

TEST(AuthCommand, is_killed_with_all_its_children_when_it_takes_too_long) {
  std::atomic<bool> cancelled = false;
  EXPECT_EQ(expect_error(
                Exit::unavailable,
                [&] { output_of("sleep 1000 & sleep 1000", "cmd", milliseconds(50), cancelled); }),
            "cmd: no end after 50 ms: killed");
  // It has closed its stdout, and does not end.
  EXPECT_EQ(
      expect_error(Exit::unavailable,
                   [&] { output_of("exec >&-; sleep 1000", "cmd", milliseconds(50), cancelled); }),
      "cmd: no end after 50 ms: killed");
  cancelled = true;
  EXPECT_EQ(expect_error(Exit::temp_fail,
                         [&] { output_of("sleep 1000", "cmd", milliseconds(100'000), cancelled); }),
            "cmd: cancelled");
}

TEST(AuthOAuthError, has_the_servers_words_and_a_remedy) {
  const auto said = [](int status, const std::string& body) {
    const Error error = oauth_error("http://h/token", {status, body});
    return std::to_string(static_cast<int>(error.exit())) + " " + error.what();
  };
  EXPECT_EQ(said(401, R"({"error":"invalid_client","error_description":"no such client"})"),
            "77 http://h/token: invalid_client: no such client. Check sasl.oauthbearer.client.id "
            "and sasl.oauthbearer.client.secret");
  EXPECT_EQ(said(400, R"({"error":"invalid_scope"})"),
            "78 http://h/token: invalid_scope. Check sasl.oauthbearer.scope");
  EXPECT_EQ(said(503, "busy"), "69 http://h/token: status 503");
  EXPECT_EQ(said(429, ""), "69 http://h/token: status 429");
  EXPECT_EQ(said(404, "<html>"),
            "78 http://h/token: status 404. Check sasl.oauthbearer.token.endpoint.url");
  EXPECT_EQ(said(302, ""),
            "78 http://h/token: status 302. Check "
            "sasl.oauthbearer.token.endpoint.url");
  EXPECT_TRUE(said(403, "").starts_with("77 "));
}

}  // namespace
}  // namespace kpipe
