// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kpipe {

// Protobuf's wire format (protobuf.dev, "Encoding"). A reader never goes beyond `end`.

enum class WireType : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  group = 3,
  end_group = 4,
  fixed32 = 5
};

struct WireReader {
  const char* at;
  const char* end;

  explicit WireReader(std::string_view bytes)
      : at(bytes.data()), end(bytes.data() + bytes.size()) {}

  bool done() const noexcept { return at == end; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }

  /// At most ten bytes; bits beyond the 64th are dropped, as all implementations do.
  bool varint(std::uint64_t& value) noexcept {
    if (at == end) return false;
    std::uint64_t byte = static_cast<unsigned char>(*at++);
    value = byte;
    if (byte < 0x80) return true;
    value &= 0x7F;
    for (int shift = 7; shift < 70; shift += 7) {
      if (at == end) return false;
      byte = static_cast<unsigned char>(*at++);
      if (shift < 64) value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  /// Tags and lengths, which have 32 bits.
  bool short_varint(std::uint64_t& value) noexcept {
    const char* const start = at;
    return varint(value) && at - start <= 5;
  }

  template <typename Value>
  bool fixed(Value& value) noexcept {
    if (left() < sizeof value) return false;
    // Little-endian, as are all machines that kpipe is built for.
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return true;
  }

  bool bytes(std::string_view& value) noexcept {
    std::uint64_t size = 0;
    if (!short_varint(size) || size > left()) return false;
    value = {at, static_cast<std::size_t>(size)};
    at += size;
    return true;
  }
};

inline std::int64_t zigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

}  // namespace kpipe
