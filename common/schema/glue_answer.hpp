// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/schema/registry.hpp"

namespace kpipe {

/// What AWS Glue answers to GetSchemaVersion, without the network. See "GetSchemaVersion" of the
/// AWS Glue Web API Reference.
struct GlueAnswer {
  enum class Kind {
    schema,
    missing,     ///< there is no such schema or version
    unusable,    ///< a schema that must not be used, or of a kind that kpipe does not know
    pending,     ///< a version that Glue is still checking
    refused,     ///< credentials or rights
    outage,      ///< throttled, 5xx
    unexpected,  ///< anything else: the address may be wrong
  };
  Kind kind = Kind::unexpected;
  SchemaType type = SchemaType::avro;
  std::string text;
  std::string words;  ///< for people, unless it is a schema: "AccessDeniedException: ..."
};

GlueAnswer read_glue_answer(int status, std::string_view body);

}  // namespace kpipe
