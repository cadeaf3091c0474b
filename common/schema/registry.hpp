// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/schema/framing.hpp"

namespace kpipe {

enum class SchemaType { avro, protobuf, json };

/// A schema that another one refers to, under the name that it has there: a full name in Avro, the
/// path of an import in Protobuf, a URI in JSON Schema.
struct ReferencedSchema {
  std::string name;
  std::string text;
};

struct RegisteredSchema {
  SchemaType type = SchemaType::avro;
  /// As registered: JSON for Avro and JSON Schema; for Protobuf source text or a
  /// FileDescriptorProto in base64.
  std::string text;
  /// All that is needed, also by the references themselves: each once, what others need first.
  std::vector<ReferencedSchema> references;
};

/// What a registry says of a schema now.
struct SchemaAnswer {
  enum class State {
    ready,
    waiting,  ///< being fetched, or the registry is down and is asked again
    missing   ///< the registry itself says that it has no such schema
  };
  State state = State::waiting;
  std::shared_ptr<const RegisteredSchema> schema;  ///< when ready
  std::string reason;  ///< when missing, for people; it follows "schema 7: "
};

inline SchemaAnswer missing_schema(std::string reason) {
  return {SchemaAnswer::State::missing, nullptr, std::move(reason)};
}

/// Schemas of a registry, each fetched once. Asking never blocks: a thread of the registry's own
/// fetches, with back-off while the registry is down, so that Kafka can be polled meanwhile.
class SchemaRegistry {
 public:
  virtual ~SchemaRegistry() = default;

  /// Throws Error(no_permission, config) when the registry refuses us: no attempt more would help.
  virtual SchemaAnswer schema(const SchemaId& id) = 0;
  /// The latest version under a subject (Confluent), or of a schema's name (Glue). Fetched once a
  /// run: one run has one shape.
  virtual SchemaAnswer latest(const std::string& subject) = 0;

  /// Readable when an answer that was `waiting` may have changed; for poll(2).
  virtual int event_fd() const noexcept = 0;
  virtual void clear_event() noexcept = 0;
};

}  // namespace kpipe
