// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "common/schema/framing.hpp"
#include "common/schema/registry.hpp"
#include "common/wire/payload.hpp"

namespace kpipe {

struct AvroPayloadOptions {
  Framing framing = Framing::none;
  /// Needed for Confluent's and Glue's framing; must outlive the decoder.
  SchemaRegistry* registry = nullptr;
  /// Text of a schema: without framing the writer's (of bare data) and the reader's; with a
  /// registry the reader's.
  std::string schema;
  /// Instead of `schema`: the subject whose latest version is the reader's; "{topic}" stands for
  /// the topic. Without both, data are read as written.
  std::string reader_subject;
  bool avro_json = false;  ///< the specification's JSON encoding, instead of plain JSON
};

/// Without framing, a payload that begins with the whole header of an object container is one: its
/// only object is the value, none or several are an array. Bytes that begin with C3 01 and the
/// fingerprint of the schema are single-object encoding. Everything else is a bare datum.
///
/// A payload behind Confluent's frame whose schema is no more than "bytes" is all of it the value,
/// without a length before it: so Confluent's serializers for Java write it and read it. (Other
/// languages' write the length; to take off what might be one could take a byte of the value.)
///
/// Throws Error(config) for a schema that cannot be used, Error(usage) for options that exclude
/// each other. What a registry says wrong is bad data of the record, except that decode() throws
/// Error(no_input, config) when the reader's subject is missing or its schema cannot be used.
std::unique_ptr<PayloadDecoder> make_avro_payload(AvroPayloadOptions options);

}  // namespace kpipe
