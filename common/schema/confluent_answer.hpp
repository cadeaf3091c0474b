// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/schema/registry.hpp"

namespace kpipe {

// What a registry with Confluent's API answers, without the network. See "Schema Registry API
// Reference" of Confluent's documentation.

/// A schema that another one needs: where it is registered, and the name that it has there.
struct ConfluentReference {
  std::string name;
  std::string subject;
  std::string version;  ///< a number, or "latest"
};

struct ConfluentAnswer {
  enum class Kind {
    schema,
    missing,     ///< the registry has no such schema, subject or version
    unusable,    ///< a schema, of a kind that kpipe does not know
    refused,     ///< 401, 403
    outage,      ///< 408, 429, 5xx
    unexpected,  ///< not what a registry says: the address may be wrong
  };
  Kind kind = Kind::unexpected;
  SchemaType type = SchemaType::avro;
  std::string text;
  std::vector<ConfluentReference> references;
  std::string words;  ///< for people, unless it is a schema: "status 500: Error in the backend"
};

ConfluentAnswer read_confluent_answer(int status, std::string_view body);

}  // namespace kpipe
