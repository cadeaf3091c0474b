// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "common/schema/framing.hpp"
#include "common/schema/registry.hpp"
#include "common/wire/payload.hpp"

namespace kpipe {

struct JsonSchemaPayloadOptions {
  Framing framing = Framing::none;
  SchemaRegistry* registry = nullptr;  ///< asked only to validate without a schema of our own
  std::string schema;                  ///< text of --json-schema: what values are held against
  bool validate = false;               ///< holds them against the schema that the frame names
};

/// JSON behind a frame of Confluent's or Glue's, checked and copied as -f json does. Its schema
/// plays no part in reading it; it is held against one where that is asked for. Throws
/// Error(config) for a schema of our own that cannot be used.
std::unique_ptr<PayloadDecoder> make_json_schema_payload(JsonSchemaPayloadOptions options);

}  // namespace kpipe
