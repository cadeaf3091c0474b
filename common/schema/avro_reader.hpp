// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kpipe {

/// The parts that Avro's binary encoding consists of, taken off the front of bytes, never past
/// their end. What returns false leaves the position undefined; problem() says why.
class AvroReader {
 public:
  explicit AvroReader(std::string_view bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  std::string_view rest() const noexcept { return {at_, left()}; }
  const char* problem() const noexcept { return problem_; }

  /// Zigzag, 7 bits a byte, the lowest first; at most 10 bytes.
  bool read_long(std::int64_t& value) noexcept {
    if (at_ == end_) return refuse(kEnds);
    const auto first = static_cast<std::uint8_t>(*at_);
    std::uint64_t bits = first;
    if (first < 0x80) {
      ++at_;
    } else if (!read_more(bits)) {
      return false;
    }
    value = static_cast<std::int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
    return true;
  }
  bool read_int(std::int64_t& value) noexcept {
    if (!read_long(value)) return false;
    return value == static_cast<std::int32_t>(value) || refuse("a number does not fit into an int");
  }
  bool read_fixed(std::size_t size, std::string_view& bytes) noexcept {
    if (size > left()) return refuse(kEnds);
    bytes = {at_, size};
    at_ += size;
    return true;
  }
  bool read_bytes(std::string_view& bytes) noexcept {
    std::int64_t size = 0;
    if (!read_long(size)) return false;
    if (size < 0) return refuse("a length is negative");
    // On 64 bits nothing is lost; on 32 a larger one is not there anyway.
    if (static_cast<std::uint64_t>(size) > left()) return refuse(kEnds);
    return read_fixed(static_cast<std::size_t>(size), bytes);
  }
  /// IEEE 754, little-endian.
  bool read_float(float& value) noexcept {
    std::uint32_t bits = 0;
    if (!read_little_endian(bits)) return false;
    std::memcpy(&value, &bits, sizeof value);
    return true;
  }
  bool read_double(double& value) noexcept {
    std::uint64_t bits = 0;
    if (!read_little_endian(bits)) return false;
    std::memcpy(&value, &bits, sizeof value);
    return true;
  }
  bool read_boolean(bool& value) noexcept {
    if (at_ == end_) return refuse(kEnds);
    const auto byte = static_cast<std::uint8_t>(*at_++);
    value = byte == 1;
    return byte <= 1 || refuse("a boolean is neither 0 nor 1");
  }

  /// The begin of a block of an array's or map's items; a count of 0 ends the last. Some writers
  /// say before a block how many bytes it has: `size` then, otherwise npos.
  bool read_block(std::uint64_t& count, std::size_t& size) noexcept {
    std::int64_t number = 0;
    if (!read_long(number)) return false;
    size = std::string_view::npos;
    count = static_cast<std::uint64_t>(number);
    if (number >= 0) return true;
    count = 0 - count;
    if (!read_long(number)) return false;
    if (number < 0) return refuse("a block's size is negative");
    if (static_cast<std::uint64_t>(number) > left()) return refuse(kEnds);
    size = static_cast<std::size_t>(number);
    return true;
  }

 private:
  static constexpr const char* kEnds = "ends inside the value";

  bool refuse(const char* why) noexcept {
    problem_ = why;
    return false;
  }

  bool read_more(std::uint64_t& bits) noexcept {
    bits = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return refuse(kEnds);
      const auto byte = static_cast<std::uint8_t>(*at_++);
      // The tenth byte has room for one bit.
      if (shift == 63 && byte > 1) break;
      bits |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return refuse("a number has more than 64 bits");
  }

  template <typename Bits>
  bool read_little_endian(Bits& bits) noexcept {
    if (left() < sizeof bits) return refuse(kEnds);
    bits = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i)
      bits |= static_cast<Bits>(Bits{static_cast<std::uint8_t>(at_[i])} << (8 * i));
    at_ += sizeof bits;
    return true;
  }

  const char* at_;
  const char* end_;
  const char* problem_ = "";
};

}  // namespace kpipe
