// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_decode.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/schema/avro_logical.hpp"
#include "common/schema/avro_reader.hpp"
#include "common/schema/avro_schema.hpp"
#include "common/schema/avro_walk.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

using Kind = AvroOp::Kind;

/// The character of a byte's number for each byte.
void append_latin1(OutBuffer& out, std::string_view bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.append('"');
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
      out.append(c);
    } else {
      const char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
      out.append(std::string_view(escape, sizeof escape));
    }
  }
  out.append('"');
}

}  // namespace

/// One value's decoding.
class AvroDecoder::Run : private AvroWalk {
 public:
  Run(const AvroProgram& program, std::string_view bytes, OutBuffer& out, std::size_t most_output,
      std::string& reason)
      : AvroWalk(program, bytes, reason), out_(out), limit_(out.size() + most_output) {}

  using AvroWalk::finish_reason;
  using AvroWalk::rest;

  bool value(std::uint32_t index) {
    const AvroOp& op = op_at(index);
    switch (op.kind) {
      case Kind::fail:
        return refuse(op.text);
      case Kind::null:
        out_.append("null");
        return true;
      case Kind::boolean: {
        bool yes = false;
        if (!in_.read_boolean(yes)) return refuse();
        out_.append(yes ? "true" : "false");
        return true;
      }
      case Kind::int_:
      case Kind::long_: {
        std::int64_t number = 0;
        if (!integer(op, number)) return false;
        out_.append_int(number);
        return true;
      }
      case Kind::float_:
      case Kind::float_as_double: {
        float number = 0;
        if (!in_.read_float(number)) return refuse();
        if (op.kind == Kind::float_)
          append_json_number(out_, number);
        else
          append_json_number(out_, static_cast<double>(number));
        return true;
      }
      case Kind::double_: {
        double number = 0;
        if (!in_.read_double(number)) return refuse();
        append_json_number(out_, number);
        return true;
      }
      case Kind::string: {
        std::string_view text;
        if (!in_.read_bytes(text)) return refuse();
        return append_json_text(out_, text) || refuse("a string is not UTF-8");
      }
      case Kind::enum_:
        return symbol(op);
      case Kind::array:
        return items(op);
      case Kind::map:
        return entries(op);
      case Kind::record:
        return record(op);
      case Kind::union_: {
        std::uint32_t branch = 0;
        return choose(op, branch) && value(branch);
      }
      case Kind::label:
        return labelled(op);
      case Kind::date:
      case Kind::time:
      case Kind::timestamp:
      case Kind::local_timestamp:
        return moment(op);
      default:
        return bytes(op);
    }
  }

 private:
  bool enter() { return AvroWalk::enter() && in_bounds(); }
  bool in_bounds() {
    return out_.size() <= limit_ || refuse("prints far more than its bytes can mean");
  }

  bool moment(const AvroOp& op) {
    std::int64_t number = 0;
    if (!integer(op, number)) return false;
    if (op.kind == Kind::date) {
      append_date(out_, number);
    } else if (op.kind == Kind::time) {
      append_time_of_day(out_, number, op.digits);
    } else {
      append_timestamp(out_, number, op.digits, op.kind == Kind::local_timestamp);
    }
    return true;
  }

  bool symbol(const AvroOp& op) {
    std::size_t at = 0;
    if (!symbol_of(op, at)) return false;
    if (op.symbols[at].empty())
      return refuse("the reader's enum " + op.text + " has neither symbol " + std::to_string(at) +
                    " of the writer's nor a default");
    out_.append(op.symbols[at]);
    return true;
  }

  bool labelled(const AvroOp& op) {
    if (!enter()) return false;
    out_.append(op.text);
    if (!value(op.inner)) return false;
    out_.append('}');
    leave();
    return true;
  }

  bool record(const AvroOp& op) {
    if (!enter()) return false;
    for (const AvroOp::Step& step : op.steps) {
      if (step.before.empty()) {
        if (!skip(step.op)) return within_field(step.name);
      } else {
        out_.append(step.before);
        if (!value(step.op)) return within_field(step.name);
      }
    }
    out_.append(op.text);
    leave();
    return true;
  }

  /// Calls `item` for each item of all blocks.
  template <typename Item>
  bool blocks(std::size_t least, Item&& item) {
    for (;;) {
      std::uint64_t count = 0;
      std::size_t size = 0;
      if (!in_.read_block(count, size)) return refuse();
      if (count == 0) return true;
      const std::size_t left = in_.left();
      if (least > 0 && count > left / least)
        return refuse("a block claims more items (" + std::to_string(count) +
                      ") than the bytes left (" + std::to_string(left) + ") have room for");
      for (; count > 0; --count)
        if (!item()) return false;
      if (size != std::string_view::npos && left - in_.left() != size)
        return refuse("a block has other bytes than it says");
    }
  }

  bool items(const AvroOp& op) {
    if (!enter()) return false;
    out_.append('[');
    std::size_t at = 0;
    const bool done = blocks(op_at(op.inner).min_size, [&] {
      if (at > 0) out_.append(',');
      if (!in_bounds() || !value(op.inner)) {
        step_up("[" + std::to_string(at) + "]");
        return false;
      }
      ++at;
      return true;
    });
    out_.append(']');
    leave();
    return done;
  }

  bool entries(const AvroOp& op) {
    if (!enter()) return false;
    out_.append('{');
    bool first = true;
    const std::size_t least = std::size_t{1} + op_at(op.inner).min_size;
    const bool done = blocks(least, [&] {
      if (!first) out_.append(',');
      first = false;
      std::string_view key;
      if (!in_.read_bytes(key)) return refuse();
      if (!in_bounds()) return false;
      if (!append_json_text(out_, key)) return refuse("a key of a map is not UTF-8");
      out_.append(':');
      if (value(op.inner)) return true;
      OutBuffer text;
      append_json_text(text, key);
      step_up("[" + std::string(text.view()) + "]");
      return false;
    });
    out_.append('}');
    leave();
    return done;
  }

  bool bytes(const AvroOp& op) {
    std::string_view raw;
    const bool is_fixed = op.kind == Kind::fixed || op.kind == Kind::fixed_latin1 ||
                          op.kind == Kind::decimal_fixed || op.kind == Kind::uuid_fixed ||
                          op.kind == Kind::duration;
    if (!(is_fixed ? in_.read_fixed(op.size, raw) : in_.read_bytes(raw))) return refuse();
    switch (op.kind) {
      case Kind::bytes_latin1:
      case Kind::fixed_latin1:
        append_latin1(out_, raw);
        return true;
      case Kind::decimal_bytes:
      case Kind::decimal_fixed:
        return decimal(raw, op.number);
      case Kind::big_decimal:
        return big_decimal(raw);
      case Kind::uuid_fixed:
        append_uuid(out_, raw.data());
        return true;
      case Kind::duration:
        append_duration(out_, raw.data());
        return true;
      default:
        append_json_base64(out_, raw);
        return true;
    }
  }

  bool decimal(std::string_view raw, std::uint32_t scale) {
    if (raw.size() > kMaxDecimalBytes)
      return refuse("a decimal has more than " + std::to_string(kMaxDecimalBytes) + " bytes");
    append_decimal(out_, raw, scale);
    return true;
  }

  /// Bytes in bytes: the unscaled number as bytes, and its scale as an int.
  bool big_decimal(std::string_view raw) {
    AvroReader inner(raw);
    std::string_view unscaled;
    std::int64_t scale = 0;
    if (!inner.read_bytes(unscaled) || !inner.read_int(scale) || inner.left() > 0)
      return refuse("a big-decimal is none");
    constexpr std::int64_t most = AvroSchema::kMaxScale;
    if (scale > most || scale < -most)
      return refuse("a big-decimal has the scale " + std::to_string(scale));
    const std::size_t begin = out_.size();
    if (!decimal(unscaled, scale > 0 ? static_cast<std::uint32_t>(scale) : 0)) return false;
    if (scale < 0 && out_.view().substr(begin) != "0") {
      const auto zeros = static_cast<std::size_t>(-scale);
      std::memset(out_.reserve(zeros), '0', zeros);
      out_.advance(zeros);
    }
    return true;
  }

  OutBuffer& out_;
  std::size_t limit_;
};

std::size_t AvroDecoder::most_output(std::size_t bytes) const noexcept {
  // A quarter of the address space at most, so that adding to a size does not overflow.
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 4;
  return std::min(most, free_output_ + (bytes > most / kMaxGrowth ? most : bytes * kMaxGrowth));
}

bool AvroDecoder::decode_front(const AvroProgram& program, std::string_view& bytes,
                               OutBuffer& out) {
  Run run(program, bytes, out, most_output(bytes.size()), reason_);
  if (!run.value(program.root)) {
    run.finish_reason();
    return false;
  }
  bytes = run.rest();
  return true;
}

bool AvroDecoder::decode(const AvroProgram& program, std::string_view bytes, OutBuffer& out) {
  if (!decode_front(program, bytes, out)) return false;
  if (bytes.empty()) return true;
  reason_ = bytes.size() == 1
                ? "a byte is left over behind the value"
                : std::to_string(bytes.size()) + " bytes are left over behind the value";
  return false;
}

}  // namespace kpipe
