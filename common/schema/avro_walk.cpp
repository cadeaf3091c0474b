// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_walk.hpp"

namespace kpipe {

using Kind = AvroOp::Kind;

void AvroWalk::finish_reason() {
  if (path_.empty()) return;
  reason_ = "field " + (path_.front() == '.' ? path_.substr(1) : path_) + ": " + reason_;
}

bool AvroWalk::refuse(std::string_view why) {
  reason_ = why;
  return false;
}

void AvroWalk::step_up(const std::string& step) {
  if (path_.size() < 1000) path_.insert(0, step);
}

bool AvroWalk::within_field(const std::string& name) {
  step_up("." + name);
  return false;
}

bool AvroWalk::enter() {
  return ++depth_ <= kMaxDepth || refuse("is nested deeper than " + std::to_string(kMaxDepth));
}

bool AvroWalk::index(const char* what, std::size_t count, std::size_t& at) {
  std::int64_t number = 0;
  if (!in_.read_long(number)) return refuse();
  at = static_cast<std::size_t>(number);
  return (number >= 0 && at < count) ||
         refuse(what + std::to_string(number) + " of " + std::to_string(count));
}

bool AvroWalk::symbol_of(const AvroOp& op, std::size_t& at) {
  return index("an enum has symbol ", op.symbols.size(), at);
}

bool AvroWalk::choose(const AvroOp& op, std::uint32_t& branch) {
  std::size_t at = 0;
  if (!index("a union has branch ", op.branches.size(), at)) return false;
  branch = op.branches[at];
  return true;
}

bool AvroWalk::skip(std::uint32_t index) {
  const AvroOp& op = op_at(index);
  // Could be claimed in any number, and would be nothing to skip.
  if (op.min_size == 0) return true;
  std::int64_t number = 0;
  std::string_view raw;
  switch (op.kind) {
    case Kind::fail:
      return refuse(op.text);
    case Kind::boolean: {
      bool yes = false;
      return in_.read_boolean(yes) || refuse();
    }
    case Kind::int_:
    case Kind::long_:
    case Kind::date:
    case Kind::time:
    case Kind::timestamp:
    case Kind::local_timestamp:
      return integer(op, number);
    case Kind::float_:
    case Kind::float_as_double:
      return in_.read_fixed(sizeof(float), raw) || refuse();
    case Kind::double_:
      return in_.read_fixed(sizeof(double), raw) || refuse();
    case Kind::fixed:
    case Kind::fixed_latin1:
    case Kind::decimal_fixed:
    case Kind::uuid_fixed:
    case Kind::duration:
      return in_.read_fixed(op.size, raw) || refuse();
    case Kind::enum_: {
      std::size_t at = 0;
      return this->symbol_of(op, at);
    }
    case Kind::array:
    case Kind::map:
      return skip_blocks(op);
    case Kind::record:
      if (!enter()) return false;
      for (const AvroOp::Step& step : op.steps)
        if (!skip(step.op)) return within_field(step.name);
      leave();
      return true;
    case Kind::union_: {
      std::uint32_t branch = 0;
      return choose(op, branch) && skip(branch);
    }
    case Kind::label:
      return skip(op.inner);
    default:
      return in_.read_bytes(raw) || refuse();
  }
}

bool AvroWalk::skip_blocks(const AvroOp& op) {
  if (!enter()) return false;
  const AvroOp& inner = op_at(op.inner);
  const bool is_map = op.kind == Kind::map;
  for (;;) {
    std::uint64_t count = 0;
    std::size_t size = 0;
    std::string_view raw;
    if (!in_.read_block(count, size)) return refuse();
    if (size != std::string_view::npos) {
      if (!in_.read_fixed(size, raw)) return refuse();
    } else if (is_map || inner.min_size > 0) {
      for (std::uint64_t i = 0; i < count; ++i) {
        if (is_map && !in_.read_bytes(raw)) return refuse();
        if (!skip(op.inner)) return false;
      }
    }
    if (count == 0) break;
  }
  leave();
  return true;
}

}  // namespace kpipe
