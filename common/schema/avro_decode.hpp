// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/schema/avro_program.hpp"

namespace kpipe {

/// Runs programs over Avro's binary encoding and writes JSON without line breaks. What the bytes
/// claim is bounded by the bytes that are there; nesting is at most
/// AvroWalk::kMaxDepth. For one thread.
class AvroDecoder {
 public:
  /// Values of types that take no bytes can be claimed in any number, and a type of one byte may
  /// print much: no more JSON than this and kMaxGrowth times the bytes.
  explicit AvroDecoder(std::size_t free_output = std::size_t{64} << 20)
      : free_output_(free_output) {}
  static constexpr std::size_t kMaxGrowth = 64;
  std::size_t most_output(std::size_t bytes) const noexcept;

  /// The whole of `bytes` is one value. When false, a part may have been appended.
  bool decode(const AvroProgram& program, std::string_view bytes, OutBuffer& out);
  /// Takes one value off the front of `bytes`.
  bool decode_front(const AvroProgram& program, std::string_view& bytes, OutBuffer& out);

  /// Why the last one failed, for people: "field lines[3].total: ends inside the value".
  const std::string& reason() const noexcept { return reason_; }

 private:
  class Run;
  std::size_t free_output_;
  std::string reason_;
};

}  // namespace kpipe
