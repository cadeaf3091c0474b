// SPDX-License-Identifier: Apache-2.0
#include "common/schema/confluent_answer.hpp"

#include <optional>

#include "common/auth/json_members.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMaxWords = 300;  ///< of a server's message that ours repeats

/// Error codes are the HTTP status with two digits more: 40403 is "schema not found". A plain 404
/// comes from any web server that does not know the path.
bool is_missing(const JsonMembers& members) {
  const auto code = members.number("error_code");
  return code && *code / 100 == 404;
}

std::optional<SchemaType> type_of(std::string_view name) {
  if (name.empty() || name == "AVRO") return SchemaType::avro;
  if (name == "PROTOBUF") return SchemaType::protobuf;
  if (name == "JSON") return SchemaType::json;
  return std::nullopt;
}

/// False when it is not a list of references.
bool read_references(std::string_view text, std::vector<ConfluentReference>& references) {
  if (text.empty()) return true;
  std::string padded(text);
  padded.append(OutBuffer::kPadding, '\0');
  JsonReader reader;
  std::vector<JsonText> elements;
  if (!reader.array(std::string_view(padded).substr(0, text.size()), elements)) return false;
  for (const JsonText& element : elements) {
    const auto members = JsonMembers::parse(element.raw);
    if (!members) return false;
    ConfluentReference reference{members->text("name"), members->text("subject"),
                                 members->text("version")};
    if (reference.subject.empty()) return false;
    const auto version = members->number("version");
    if (!version || *version < 1) reference.version = "latest";
    references.push_back(std::move(reference));
  }
  return true;
}

ConfluentAnswer read_schema(const JsonMembers& members) {
  ConfluentAnswer answer;
  answer.text = members.text("schema");
  const std::string name = members.text("schemaType");
  const auto type = type_of(name);
  if (!type) {
    answer.kind = ConfluentAnswer::Kind::unusable;
    answer.words = "is of the type " + name.substr(0, kMaxWords) + ", which kpipe does not know";
    return answer;
  }
  answer.type = *type;
  answer.kind = ConfluentAnswer::Kind::schema;
  if (!read_references(members.text("references"), answer.references)) {
    answer.kind = ConfluentAnswer::Kind::unexpected;
    answer.words = "its references are none";
  }
  return answer;
}

}  // namespace

ConfluentAnswer read_confluent_answer(int status, std::string_view body) {
  const auto members = JsonMembers::parse(body);
  const bool ok = status >= 200 && status < 300;
  if (ok && members && !members->text("schema").empty()) return read_schema(*members);

  using Kind = ConfluentAnswer::Kind;
  ConfluentAnswer answer;
  answer.words = "status " + std::to_string(status);
  const std::string message =
      members ? members->text("message").substr(0, kMaxWords) : std::string();
  if (!message.empty()) answer.words += ": " + message;
  if (status == 404 && members && is_missing(*members)) {
    answer.kind = Kind::missing;
    answer.words = message;
  } else if (status == 401 || status == 403) {
    answer.kind = Kind::refused;
  } else if (status == 408 || status == 429 || status >= 500) {
    answer.kind = Kind::outage;
  } else if (ok) {
    answer.words += ", and no schema in the answer";
  }
  return answer;
}

}  // namespace kpipe
