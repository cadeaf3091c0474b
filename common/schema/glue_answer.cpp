// SPDX-License-Identifier: Apache-2.0
#include "common/schema/glue_answer.hpp"

#include <algorithm>
#include <array>

#include "common/auth/json_members.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMaxWords = 300;  ///< of a server's message that ours repeats

constexpr std::array<std::string_view, 8> kRefusals{
    "AccessDenied",         "UnrecognizedClient",    "InvalidSignature",
    "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken",
    "ExpiredToken",         "IncompleteSignature"};
constexpr std::array<std::string_view, 7> kOutages{
    "Throttling",      "ThrottledException", "TooManyRequests",   "RequestLimitExceeded",
    "InternalService", "InternalFailure",    "ServiceUnavailable"};

template <std::size_t N>
bool begins_with_one_of(std::string_view name, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.starts_with(word); });
}

/// "EntityNotFoundException"; some services put their own name and "#" before it.
std::string error_name(const JsonMembers& members) {
  const std::string name = members.text("__type");
  return name.substr(name.rfind('#') + 1);
}

GlueAnswer unusable(std::string words) {
  GlueAnswer answer;
  answer.kind = GlueAnswer::Kind::unusable;
  answer.words = std::move(words);
  return answer;
}

GlueAnswer read_version(const JsonMembers& members) {
  GlueAnswer answer;
  const std::string status = members.text("Status");
  if (status == "FAILURE") return unusable("was refused by Glue when it was registered");
  if (status == "PENDING") {
    answer.kind = GlueAnswer::Kind::pending;
    answer.words = "a schema is still being checked";
    return answer;
  }
  // A version that is being deleted is as good as ever for what was written by it.
  const std::string format = members.text("DataFormat");
  if (format == "PROTOBUF") {
    answer.type = SchemaType::protobuf;
  } else if (format == "JSON") {
    answer.type = SchemaType::json;
  } else if (format != "AVRO") {
    return unusable("is of the type " + format.substr(0, kMaxWords) +
                    ", which kpipe does not know");
  }
  answer.kind = GlueAnswer::Kind::schema;
  answer.text = members.text("SchemaDefinition");
  return answer;
}

}  // namespace

GlueAnswer read_glue_answer(int status, std::string_view body) {
  const auto members = JsonMembers::parse(body);
  if (status == 200 && members && !members->text("SchemaDefinition").empty())
    return read_version(*members);

  using Kind = GlueAnswer::Kind;
  GlueAnswer answer;
  const std::string name = members ? error_name(*members) : std::string();
  std::string message = members ? members->text("Message") : std::string();
  if (message.empty() && members) message = members->text("message");
  answer.words = name.empty() ? "status " + std::to_string(status) : name;
  if (!message.empty()) answer.words += ": " + message.substr(0, kMaxWords);
  if (name == "EntityNotFoundException") {
    answer.kind = Kind::missing;
  } else if (status == 429 || status >= 500 || begins_with_one_of(name, kOutages)) {
    answer.kind = Kind::outage;
  } else if (status == 401 || status == 403 || begins_with_one_of(name, kRefusals)) {
    answer.kind = Kind::refused;
  } else if (status == 200) {
    answer.words += ", and no schema in the answer";
  }
  return answer;
}

}  // namespace kpipe
