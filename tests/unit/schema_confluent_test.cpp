// SPDX-License-Identifier: Apache-2.0
#include "common/schema/confluent_registry.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;
using Kind = ConfluentAnswer::Kind;

TEST(ConfluentAnswer, reads_schemas) {
  // As Confluent, Karapace and Apicurio answer; the type is left out for Avro.
  ConfluentAnswer answer = read_confluent_answer(200, R"({"schema":"\"string\""})");
  EXPECT_EQ(answer.kind, Kind::schema);
  EXPECT_EQ(answer.type, SchemaType::avro);
  EXPECT_EQ(answer.text, "\"string\"");
  answer = read_confluent_answer(
      200, R"({"subject":"s","version":3,"id":7,"schemaType":"PROTOBUF","schema":"message A {}\n",)"
           R"("references":[{"name":"b.proto","subject":"b/c","version":2},)"
           R"({"name":"d.proto","subject":"d","version":-1}]})");
  EXPECT_EQ(answer.type, SchemaType::protobuf);
  EXPECT_EQ(answer.text, "message A {}\n");
  ASSERT_EQ(answer.references.size(), 2U);
  EXPECT_EQ(answer.references[0].name + " " + answer.references[0].subject + " " +
                answer.references[0].version,
            "b.proto b/c 2");
  EXPECT_EQ(answer.references[1].version, "latest");
  EXPECT_EQ(read_confluent_answer(200, R"({"schema":"{}","schemaType":"JSON"})").type,
            SchemaType::json);
  answer = read_confluent_answer(200, R"({"schema":"<x/>","schemaType":"XSD"})");
  EXPECT_EQ(answer.kind, Kind::unusable);
  EXPECT_TRUE(contains(answer.words, "XSD"));
}

TEST(ConfluentAnswer, tells_refusals_from_outages) {
  const auto kind = [](int status, const std::string& body) {
    return read_confluent_answer(status, body).kind;
  };
  for (const char* const code : {"40401", "40402", "40403", "40405", "40406"}) {
    const std::string body = std::string(R"({"error_code":)") + code + R"(,"message":"no"})";
    EXPECT_EQ(kind(404, body), Kind::missing) << code;
  }
  EXPECT_EQ(kind(404, R"({"error_code":404,"message":"HTTP 404 Not Found"})"), Kind::unexpected);
  EXPECT_EQ(kind(404, "<html>nginx</html>"), Kind::unexpected);
  EXPECT_EQ(kind(404, R"({"status":404,"name":"NotFoundException"})"), Kind::unexpected);
  EXPECT_EQ(kind(401, R"({"error_code":401,"message":"Unauthorized"})"), Kind::refused);
  EXPECT_EQ(kind(403, ""), Kind::refused);
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_EQ(kind(status, ""), Kind::outage);
  EXPECT_EQ(kind(200, "<html>log in</html>"), Kind::unexpected);
  EXPECT_EQ(kind(200, R"({"id":7})"), Kind::unexpected);
  EXPECT_EQ(kind(200, R"({"schema":"{}","references":[{"name":"x"}]})"), Kind::unexpected);
  EXPECT_EQ(kind(200, R"({"schema":"{}","references":7})"), Kind::unexpected);
  EXPECT_EQ(kind(301, ""), Kind::unexpected);
  EXPECT_EQ(
      read_confluent_answer(500, R"({"error_code":50001,"message":"Error in the backend"})").words,
      "status 500: Error in the backend");
}

/// A server of a table: path to answer. What is not there is missing.
struct Server {
  std::map<std::string, HttpResponse> answers;
  std::vector<HttpRequest> asked;

  SendHttp send() {
    return [this](const HttpRequest& request, const std::atomic<bool>&) {
      asked.push_back(request);
      const auto found = answers.find(request.url);
      if (found == answers.end())
        return HttpResponse{404, R"({"error_code":40403,"message":"no such"})"};
      if (found->second.status == 0) throw Error(Exit::unavailable, request.url + ": refused");
      return found->second;
    };
  }
};

const std::atomic<bool> kNotCancelled{false};

RegistryOptions at(std::vector<std::string> urls) {
  RegistryOptions options;
  options.urls = std::move(urls);
  return options;
}

/// A schema's answer; references are "name subject version".
HttpResponse schema_of(const std::string& text, const std::vector<std::string>& references = {}) {
  std::string list;
  for (const std::string& one : references) {
    const std::size_t first = one.find(' ');
    const std::size_t second = one.find(' ', first + 1);
    list += (list.empty() ? "" : ",") + std::string(R"({"name":")") + one.substr(0, first) +
            R"(","subject":")" + one.substr(first + 1, second - first - 1) + R"(","version":)" +
            one.substr(second + 1) + "}";
  }
  return {200, R"({"schema":")" + text + R"(","references":[)" + list + "]}"};
}

SchemaAnswer schema_7(Server& server) {
  ConfluentRegistry registry(at({"http://r/"}), server.send());
  return registry.schema({7, {}, false}, kNotCancelled);
}

std::string names(const SchemaAnswer& answer) {
  std::string all;
  for (const ReferencedSchema& one : answer.schema->references)
    all += one.name + "=" + one.text + " ";
  return all;
}

TEST(ConfluentRegistry, collects_references_with_what_others_need_first) {
  Server server;
  server.answers["http://r/schemas/ids/7"] = schema_of("top", {"A a 1", "B b%2 3"});
  server.answers["http://r/subjects/a/versions/1?deleted=true"] = schema_of("a", {"C c 1"});
  server.answers["http://r/subjects/b%252/versions/3?deleted=true"] =
      schema_of("b", {"A a 1", "C c 1"});
  server.answers["http://r/subjects/c/versions/1?deleted=true"] = schema_of("c");
  ConfluentRegistry registry(at({"http://r/"}), server.send());
  SchemaAnswer answer = registry.schema({7, {}, false}, kNotCancelled);
  ASSERT_EQ(answer.state, SchemaAnswer::State::ready) << answer.reason;
  EXPECT_EQ(answer.schema->text, "top");
  EXPECT_EQ(names(answer), "C=c A=a B=b ");
  EXPECT_EQ(server.asked.size(), 4U);

  // Another schema with the same references: they are not fetched again.
  server.answers["http://r/schemas/ids/8"] = schema_of("other", {"A a 1"});
  answer = registry.schema({8, {}, false}, kNotCancelled);
  EXPECT_EQ(names(answer), "C=c A=a ");
  EXPECT_EQ(server.asked.size(), 5U);
}

TEST(ConfluentRegistry, says_what_is_wrong_with_references) {
  Server server;
  server.answers["http://r/schemas/ids/7"] = schema_of("top", {"A a 1"});
  SchemaAnswer answer = schema_7(server);
  EXPECT_EQ(answer.state, SchemaAnswer::State::missing);
  EXPECT_EQ(answer.reason, "its reference A (a, version 1) is unknown to the registry (no such)");

  server.answers["http://r/subjects/a/versions/1?deleted=true"] = schema_of("a", {"B b 1"});
  server.answers["http://r/subjects/b/versions/1?deleted=true"] = schema_of("b", {"A a 1"});
  EXPECT_EQ(schema_7(server).reason, "its reference A (a, version 1) leads back to itself");

  server.answers["http://r/subjects/b/versions/1?deleted=true"] = schema_of("b", {"A a 2"});
  EXPECT_EQ(schema_7(server).reason,
            "its reference A (a, version 2) has the name of another (a, version 1)");

  std::vector<std::string> many;
  for (int i = 0; i < 501; ++i) {
    const std::string number = std::to_string(i);
    many.push_back("N" + number + " n 1" + number);
    server.answers["http://r/subjects/n/versions/1" + number + "?deleted=true"] = schema_of("n");
  }
  server.answers["http://r/schemas/ids/7"] = schema_of("top", many);
  EXPECT_EQ(schema_7(server).reason, "it has more than 500 references");
}

TEST(ConfluentRegistry, asks_for_the_latest_version_of_any_name) {
  Server server;
  server.answers["http://r/p/subjects/a%20b%2Fc-value/versions/latest"] = schema_of("x");
  ConfluentRegistry registry(at({"http://r/p"}), server.send());
  EXPECT_EQ(registry.latest("a b/c-value", kNotCancelled).schema->text, "x");
  EXPECT_EQ(registry.latest("d", kNotCancelled).reason, "is unknown to the registry (no such)");
  EXPECT_TRUE(contains(registry.schema({0, {}, true}, kNotCancelled).reason, "AWS Glue"));
}

TEST(ConfluentRegistry, asks_the_next_address_in_an_outage) {
  Server server;
  server.answers["http://a/schemas/ids/7"] = {0, ""};
  server.answers["http://b/schemas/ids/7"] = schema_of("x");
  server.answers["http://b/schemas/ids/8"] = schema_of("y");
  ConfluentRegistry registry(at({"http://a", "http://b"}), server.send());
  EXPECT_EQ(registry.schema({7, {}, false}, kNotCancelled).schema->text, "x");
  EXPECT_EQ(registry.schema({8, {}, false}, kNotCancelled).schema->text, "y");
  ASSERT_EQ(server.asked.size(), 3U);  // the one that answered is asked first from then on
  EXPECT_EQ(server.asked[2].url, "http://b/schemas/ids/8");

  server.answers["http://b/schemas/ids/7"] = {503, "", std::chrono::seconds(9)};
  const std::string said = expect_error(Exit::unavailable, [&] {
    registry.schema({7, {}, false}, kNotCancelled);
  });
  EXPECT_EQ(said, "http://b/schemas/ids/7: status 503; http://a/schemas/ids/7: refused");
}

TEST(ConfluentRegistry, takes_a_strange_answer_for_an_outage_once_it_has_answered) {
  Server server;
  server.answers["http://r/schemas/ids/7"] = {404, "<html>"};
  ConfluentRegistry registry(at({"http://r"}), server.send());
  const auto ask = [&] { registry.schema({7, {}, false}, kNotCancelled); };
  EXPECT_TRUE(contains(expect_error(Exit::config, ask),
                       "http://r/schemas/ids/7: status 404. This is no answer of a schema"));
  registry.schema({8, {}, false}, kNotCancelled);
  expect_error(Exit::unavailable, ask);
}

TEST(ConfluentRegistry, logs_in_and_says_which_login_was_refused) {
  Server server;
  server.answers["http://r/schemas/ids/7"] = {401, R"({"error_code":401,"message":"no"})"};
  RegistryOptions options = at({"http://r"});
  const auto refused = [&] {
    ConfluentRegistry registry(options, server.send());
    return expect_error(Exit::no_permission, [&] {
      registry.schema({7, {}, false}, kNotCancelled);
    });
  };
  const auto authorization = [&] {
    for (const HttpHeader& header : server.asked.back().headers)
      if (header.name == "Authorization") return header.value;
    return std::string();
  };
  EXPECT_TRUE(contains(refused(), "status 401: no. Give --registry-auth"));
  EXPECT_EQ(authorization(), "");
  options.user_info = [] { return Secret("me:secret"); };
  EXPECT_FALSE(contains(refused(), "secret"));
  EXPECT_EQ(authorization(), "Basic bWU6c2VjcmV0");
  options.user_info = nullptr;
  options.bearer_token = [] { return Secret("token-secret"); };
  EXPECT_TRUE(contains(refused(), "Check --registry-auth, or schema.registry.bearer.auth.token"));
  EXPECT_EQ(authorization(), "Bearer token-secret");
}

}  // namespace
}  // namespace kpipe
