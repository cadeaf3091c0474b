// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/schema/avro_program.hpp"
#include "common/schema/avro_reader.hpp"

namespace kpipe {

/// The way of a program over one value's bytes: where it is, how deep, and what was wrong. Reads
/// what steers it, and leaves values out; AvroDecoder prints them. Its functions return false after
/// a refusal, and the way back up writes the path.
class AvroWalk {
 public:
  static constexpr int kMaxDepth = 100;

  /// `reason` gets why it failed. All must outlive it.
  AvroWalk(const AvroProgram& program, std::string_view bytes, std::string& reason)
      : in_(bytes), ops_(program.ops.data()), reason_(reason) {}

  std::string_view rest() const { return in_.rest(); }
  /// Puts the path before the reason.
  void finish_reason();

  /// Takes a value off the bytes and checks what it must to find its end.
  bool skip(std::uint32_t index);

 protected:
  const AvroOp& op_at(std::uint32_t index) const { return ops_[index]; }

  bool refuse(std::string_view why);
  bool refuse() { return refuse(in_.problem()); }
  void step_up(const std::string& step);
  bool within_field(const std::string& name);

  bool enter();
  void leave() { --depth_; }

  bool integer(const AvroOp& op, std::int64_t& number) {
    return (op.wide ? in_.read_long(number) : in_.read_int(number)) || refuse();
  }
  /// The index of an enum's symbol.
  bool symbol_of(const AvroOp& op, std::size_t& at);
  /// The program of a union's branch.
  bool choose(const AvroOp& op, std::uint32_t& branch);

  AvroReader in_;

 private:
  bool index(const char* what, std::size_t count, std::size_t& at);
  bool skip_blocks(const AvroOp& op);

  const AvroOp* ops_;
  std::string& reason_;
  std::string path_;
  int depth_ = 0;
};

}  // namespace kpipe
