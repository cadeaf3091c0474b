// SPDX-License-Identifier: Apache-2.0
#include "common/http/http_client.hpp"

#include <gtest/gtest.h>

#include "common/http/percent.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;

TEST(HttpPercent, encodes_all_but_the_unreserved) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a b+c/d=e&f%:\xc3\xa9"), "a%20b%2Bc%2Fd%3De%26f%25%3A%C3%A9");
  EXPECT_EQ(query_text({{"a", "1 2"}, {"b", ""}}), "a=1%202&b=");
  EXPECT_EQ(shown_url("https://u:secret@h:1/p?q=secret#f"), "https://h:1/p");
  EXPECT_EQ(shown_url("https://h/p@q"), "https://h/p@q");
}

TEST(HttpClient, says_what_no_address_answers) {
  HttpOptions options;
  HttpClient http(options);
  const auto said = [&](Exit exit, const std::string& url) {
    return expect_error(exit, [&] { http.send({HttpRequest::Method::get, url, {}, {}}); });
  };
  EXPECT_TRUE(contains(said(Exit::unavailable, "http://u:secret@127.0.0.1:1/x?s=secret"),
                       "http://127.0.0.1:1/x: "));
  EXPECT_TRUE(contains(said(Exit::unavailable, "http://host.invalid/"), "resolve host"));
  EXPECT_TRUE(contains(said(Exit::config, "file:///etc/hostname"), "An address begins with https"));
  EXPECT_TRUE(contains(said(Exit::config, "gopher://h/"), "An address begins with https"));
}

}  // namespace
}  // namespace kpipe
