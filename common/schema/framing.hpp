// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kpipe {

// What serializers write before a payload, so that a reader finds its schema.
//   Confluent:  00 | schema id, 4 bytes big-endian | payload
//   AWS Glue:   03 | 00 plain, 05 zlib | UUID of the schema version, 16 bytes | payload

enum class Framing { none, confluent, glue };

/// How a registry names one version of a schema.
struct SchemaId {
  std::uint32_t number = 0;             ///< Confluent's
  std::array<std::uint8_t, 16> uuid{};  ///< Glue's
  bool is_uuid = false;

  auto operator<=>(const SchemaId&) const = default;
};

/// "7", "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63".
std::string to_string(const SchemaId& id);

struct FramedPayload {
  SchemaId schema;
  std::string_view payload;  ///< into the bytes given, or into `unpacked`
};

/// More than this is not unpacked: a hostile record must not fill the memory.
inline constexpr std::size_t kMaxUnpacked = std::size_t{64} << 20;

/// Takes the frame off. Empty on success, otherwise the reason, for people. `unpacked` holds a
/// payload that was compressed and is reused from call to call.
std::string unframe(Framing framing, std::string_view bytes, FramedPayload& framed,
                    std::string& unpacked);

/// What bytes look like that are not what they were said to be: " (looks like Confluent's framing,
/// schema 7: -f avro --registry-url URL)", or empty.
std::string guess_framing(std::string_view bytes);

}  // namespace kpipe
