// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace google::protobuf {
class Descriptor;
}

namespace kpipe {

// The types of google/protobuf/*.proto that have a JSON text of their own, and scalars, as the
// JSON mapping of Protobuf has them (protobuf.dev, "ProtoJSON Format"). Functions that return a
// reason return an empty one on success.

enum class WellKnown : std::uint8_t {
  none,
  any,
  timestamp,
  duration,
  field_mask,
  structure,
  value,
  list_value,
  wrapper  ///< BoolValue and the others: the text of their one field
};

/// By the name, and only when the fields are those that the library knows: a schema may define
/// its own google.protobuf.Timestamp.
WellKnown well_known(const google::protobuf::Descriptor& message);

/// "2026-01-02T03:04:05.120Z" with quotes; 0, 3, 6 or 9 digits behind the point.
std::string_view append_timestamp(OutBuffer& out, std::int64_t seconds, std::int32_t nanos);
/// "-1.500s" with quotes.
std::string_view append_duration(OutBuffer& out, std::int64_t seconds, std::int32_t nanos);
/// One path in lowerCamelCase, without quotes.
std::string_view append_mask_path(OutBuffer& out, std::string_view path);

/// 64 bits stand in quotes, since many readers of JSON have only doubles.
void append_quoted(OutBuffer& out, std::int64_t value);
void append_quoted(OutBuffer& out, std::uint64_t value);

}  // namespace kpipe
