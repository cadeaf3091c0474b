// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/schema/framing.hpp"
#include "common/schema/registry.hpp"
#include "common/wire/payload.hpp"

namespace kpipe {

struct ProtobufPayloadOptions {
  Framing framing = Framing::none;
  SchemaRegistry* registry = nullptr;     ///< must outlive the decoder
  std::vector<std::string> files;         ///< .proto sources or descriptor sets; without a registry
  std::vector<std::string> import_paths;  ///< folders in which imports are found
  /// Full name of the type. Without a registry it may be empty when the files define only one.
  /// With a registry each record names its type itself: one that names another is bad data, since
  /// bytes of one type often read as another without a fault, and with other values.
  std::string message;
  bool original_names = false;  ///< field names as in the .proto, not in lowerCamelCase
};

/// Protobuf, bare or behind a frame, as JSON (proto_json.hpp says what it looks like).
///   Confluent:  schema id | indexes of the message (zigzag varints: count, then that many; a
///               single 0 stands for the first message of the file) | message
///   AWS Glue:   schema version | number of the message (varint) | message
/// With a frame and without a registry the frame is taken off, the type is as without a frame.
/// Throws Error(config) for files that cannot be used, Error(usage) for options that contradict.
std::unique_ptr<PayloadDecoder> make_protobuf_payload(ProtobufPayloadOptions options);

}  // namespace kpipe
