// SPDX-License-Identifier: Apache-2.0
#include "common/schema/confluent_registry.hpp"

#include <algorithm>

#include "common/base/out_buffer.hpp"
#include "common/http/percent.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

// What one schema may draw in: real ones stay far below, a loop of registrations does not.
constexpr std::size_t kMostReferences = 500;
constexpr std::size_t kMostText = std::size_t{64} << 20;

std::string without_slashes(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string base64(std::string_view text) {
  OutBuffer out;
  append_base64(out, text);
  return std::string(out.view());
}

std::string in_parentheses(const std::string& words) {
  return words.empty() ? words : " (" + words + ")";
}

}  // namespace

/// What a schema draws in, as it is found.
struct ConfluentRegistry::Collected {
  std::vector<ReferencedSchema> references;
  std::map<std::string, Version> names;  ///< of the references: where each is registered
  std::vector<Version> path;             ///< from the schema down to the one that is looked at
  std::size_t text = 0;                  ///< bytes
};

ConfluentRegistry::ConfluentRegistry(RegistryOptions options, SendHttp send)
    : options_(std::move(options)), send_(std::move(send)) {
  if (options_.urls.empty()) throw Error(Exit::config, "schema.registry.url: names no address");
}

SchemaAnswer ConfluentRegistry::schema(const SchemaId& id, const std::atomic<bool>& cancelled) {
  if (id.is_uuid) return missing_schema("is one of AWS Glue, and the registry has Confluent's API");
  return complete(get("/schemas/ids/" + to_string(id), cancelled), cancelled);
}

SchemaAnswer ConfluentRegistry::latest(const std::string& subject,
                                       const std::atomic<bool>& cancelled) {
  return complete(get("/subjects/" + percent_encoded(subject) + "/versions/latest", cancelled),
                  cancelled);
}

ConfluentAnswer ConfluentRegistry::get(const std::string& path,
                                       const std::atomic<bool>& cancelled) {
  std::string causes;
  std::chrono::seconds retry_after{0};
  for (std::size_t i = 0; i < options_.urls.size(); ++i) {
    const std::size_t index = (preferred_ + i) % options_.urls.size();
    try {
      ConfluentAnswer answer = get_from(index, path, cancelled);
      preferred_ = index;
      answered_ = true;
      return answer;
    } catch (const Error& error) {
      if (error.exit() != Exit::unavailable || cancelled) throw;
      if (const auto* const outage = dynamic_cast<const RegistryOutage*>(&error))
        retry_after = std::max(retry_after, outage->retry_after());
      causes += (causes.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  throw RegistryOutage(causes, options_.urls.size() == 1 ? retry_after : std::chrono::seconds{0});
}

ConfluentAnswer ConfluentRegistry::get_from(std::size_t index, const std::string& path,
                                            const std::atomic<bool>& cancelled) {
  const std::string url = without_slashes(options_.urls[index]) + path;
  const HttpResponse response = send_({HttpRequest::Method::get, url, headers(), {}}, cancelled);
  ConfluentAnswer answer = read_confluent_answer(response.status, response.body);
  const std::string said = shown_url(url) + ": " + answer.words;
  switch (answer.kind) {
    case ConfluentAnswer::Kind::refused:
      throw Error(Exit::no_permission, said + refused_remedy());
    case ConfluentAnswer::Kind::outage:
      throw RegistryOutage(said, response.retry_after);
    case ConfluentAnswer::Kind::unexpected:
      // A proxy before a registry that is being replaced answers so, too.
      if (answered_) throw RegistryOutage(said);
      throw Error(Exit::config, said +
                                    ". This is no answer of a schema registry. Check the path in "
                                    "schema.registry.url: Apicurio's is /apis/ccompat/v7");
    default:
      return answer;
  }
}

std::vector<HttpHeader> ConfluentRegistry::headers() const {
  std::vector<HttpHeader> result{
      {"Accept",
       "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, "
       "application/json"}};
  if (options_.user_info)
    result.push_back({"Authorization", "Basic " + base64(options_.user_info().reveal())});
  if (options_.bearer_token)
    result.push_back({"Authorization", "Bearer " + options_.bearer_token().reveal()});
  return result;
}

std::string ConfluentRegistry::refused_remedy() const {
  if (options_.user_info)
    return ". Check --registry-auth, or schema.registry.username and schema.registry.password";
  if (options_.bearer_token) return ". Check --registry-auth, or schema.registry.bearer.auth.token";
  return ". Give --registry-auth file:PATH with user:password, or schema.registry.username and "
         "schema.registry.password";
}

SchemaAnswer ConfluentRegistry::complete(const ConfluentAnswer& answer,
                                         const std::atomic<bool>& cancelled) {
  if (answer.kind == ConfluentAnswer::Kind::missing)
    return missing_schema("is unknown to the registry" + in_parentheses(answer.words));
  if (answer.kind == ConfluentAnswer::Kind::unusable) return missing_schema(answer.words);
  Collected collected;
  collected.text = answer.text.size();
  if (std::string reason = collect(answer, collected, cancelled); !reason.empty())
    return missing_schema(reason);
  SchemaAnswer ready;
  ready.state = SchemaAnswer::State::ready;
  ready.schema = std::make_shared<const RegisteredSchema>(
      RegisteredSchema{answer.type, answer.text, std::move(collected.references)});
  return ready;
}

/// Adds what `answer` refers to, what others need first. Empty on success, otherwise the reason.
std::string ConfluentRegistry::collect(const ConfluentAnswer& answer, Collected& collected,
                                       const std::atomic<bool>& cancelled) {
  for (const ConfluentReference& reference : answer.references) {
    const Version version{reference.subject, reference.version};
    const std::string place =
        "its reference " + reference.name + " (" + version.first + ", version " + version.second;
    if (std::find(collected.path.begin(), collected.path.end(), version) != collected.path.end())
      return place + ") leads back to itself";
    const auto [known, added] = collected.names.emplace(reference.name, version);
    if (!added) {
      if (known->second == version) continue;
      return place + ") has the name of another (" + known->second.first + ", version " +
             known->second.second + ")";
    }
    if (collected.names.size() > kMostReferences)
      return "it has more than " + std::to_string(kMostReferences) + " references";
    std::shared_ptr<const ConfluentAnswer>& found = versions_[version];
    if (!found) {
      // Schemas that were deleted since stay in use by those that refer to them.
      ConfluentAnswer got = get("/subjects/" + percent_encoded(version.first) + "/versions/" +
                                    percent_encoded(version.second) + "?deleted=true",
                                cancelled);
      if (got.kind == ConfluentAnswer::Kind::missing)
        return place + ") is unknown to the registry" + in_parentheses(got.words);
      if (got.kind == ConfluentAnswer::Kind::unusable) return place + ") " + got.words;
      found = std::make_shared<const ConfluentAnswer>(std::move(got));
    }
    const std::shared_ptr<const ConfluentAnswer> needed = found;
    collected.text += needed->text.size();
    if (collected.text > kMostText) return "it and its references are larger than 64 MiB";
    collected.path.push_back(version);
    if (std::string reason = collect(*needed, collected, cancelled); !reason.empty()) return reason;
    collected.path.pop_back();
    collected.references.push_back({reference.name, needed->text});
  }
  return {};
}

}  // namespace kpipe
