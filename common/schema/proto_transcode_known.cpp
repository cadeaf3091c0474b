// SPDX-License-Identifier: Apache-2.0
// The well-known types. What is not as serializers write it is left to ProtoPrinter here, too, and
// so are unknown fields in them.
#include <bit>
#include <cmath>

#include "common/schema/proto_fault.hpp"
#include "common/schema/proto_transcode.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

/// The next tag when it is one of `numbers` (bits), and behind the last one.
bool next(WireReader& in, std::uint32_t numbers, std::uint64_t& last, WireType& wire) {
  std::uint64_t tag = 0;
  if (!in.short_varint(tag)) return false;
  const std::uint64_t number = tag >> 3;
  if (number > 31 || number <= last || (numbers >> number & 1) == 0) return false;
  last = number;
  wire = static_cast<WireType>(tag & 7);
  return true;
}

}  // namespace

bool ProtoTranscoder::known(const MessagePlan& plan, std::string_view bytes, int depth) {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  switch (plan.known) {
    case WellKnown::timestamp:
      return two_numbers(bytes, seconds, nanos) && append_timestamp(*out_, seconds, nanos).empty();
    case WellKnown::duration:
      return two_numbers(bytes, seconds, nanos) && append_duration(*out_, seconds, nanos).empty();
    case WellKnown::field_mask:
      return field_mask(bytes);
    case WellKnown::any:
      return any(bytes, depth);
    case WellKnown::value:
      return struct_value(plan, bytes, depth);
    case WellKnown::structure:
    case WellKnown::list_value:
      return entries(plan, bytes, depth);
    default:
      return wrapper(plan, bytes, depth);
  }
}

bool ProtoTranscoder::two_numbers(std::string_view bytes, std::int64_t& seconds,
                                  std::int32_t& nanos) {
  WireReader in(bytes);
  std::uint64_t number = 0;
  WireType wire{};
  while (!in.done()) {
    std::uint64_t bits = 0;
    if (!next(in, 0b110, number, wire) || wire != WireType::varint || !in.varint(bits))
      return false;
    if (number == 1) {
      seconds = static_cast<std::int64_t>(bits);
    } else {
      nanos = static_cast<std::int32_t>(bits);
    }
  }
  return true;
}

bool ProtoTranscoder::field_mask(std::string_view bytes) {
  WireReader in(bytes);
  out_->append('"');
  for (bool first = true; !in.done(); first = false) {
    std::uint64_t number = 0;
    WireType wire{};
    std::string_view path;
    if (!next(in, 0b10, number, wire) || wire != WireType::bytes || !in.bytes(path) ||
        !is_valid_utf8(path))
      return false;
    if (!first) out_->append(',');
    if (!append_mask_path(*out_, path).empty()) return false;
  }
  out_->append('"');
  return true;
}

bool ProtoTranscoder::any(std::string_view bytes, int depth) {
  WireReader in(bytes);
  std::uint64_t number = 0;
  WireType wire{};
  std::string_view parts[2];
  while (!in.done()) {
    if (!next(in, 0b110, number, wire) || wire != WireType::bytes || !in.bytes(parts[number - 1]))
      return false;
  }
  const auto& [url, value] = parts;
  if (url.empty() && value.empty()) {
    out_->append("{}");
    return true;
  }
  out_->append("{\"@type\":");
  if (!append_json_text(*out_, url)) return false;
  const MessagePlan* const plan = plans_.named(url.substr(url.rfind('/') + 1));
  if (plan == nullptr) {
    out_->append(",\"value\":\"");
    append_base64(*out_, value);
    out_->append("\"}");
    return true;
  }
  if (depth + 1 > kMaxProtoNesting || plan->slow) return false;
  if (plan->known != WellKnown::none) {
    out_->append(",\"value\":");
    if (!message(*plan, value, depth + 1)) return false;
  } else {
    WireReader inner(value);
    if (!members(*plan, inner, 0, depth + 1, false)) return false;
  }
  out_->append('}');
  return true;
}

/// Struct and ListValue: their one field, without its name.
bool ProtoTranscoder::entries(const MessagePlan& plan, std::string_view bytes, int depth) {
  const FieldPlan& field = plan.fields[0];
  WireReader in(bytes);
  const std::size_t keys = keys_.size();
  out_->append(field.map ? '{' : '[');
  for (bool first = true; !in.done(); first = false) {
    std::uint64_t number = 0;
    WireType wire{};
    Value value;
    if (!next(in, 0b10, number, wire) || wire != WireType::bytes || !in.bytes(value.bytes))
      return false;
    if (!first) out_->append(',');
    if (!(field.map ? map_entry(field, value.bytes, depth + 1) : print(field, value, depth)))
      return false;
  }
  out_->append(field.map ? '}' : ']');
  const bool repeats = field.map && repeats_a_key(keys);
  keys_.resize(keys);
  return !repeats;
}

bool ProtoTranscoder::struct_value(const MessagePlan& plan, std::string_view bytes, int depth) {
  WireReader in(bytes);
  if (in.done()) {
    out_->append("null");
    return true;
  }
  std::uint64_t number = 0;
  WireType wire{};
  if (!next(in, 0b111'1110, number, wire)) return false;
  const FieldPlan& field = *plan.field(number);
  if (wire != field.wire) return false;
  Value value;
  if (!read(wire, in, value) || !in.done()) return false;
  if (field.enums != nullptr) {
    out_->append("null");
    return true;
  }
  if (wire == WireType::fixed64 && !std::isfinite(std::bit_cast<double>(value.bits))) return false;
  return print(field, value, depth);
}

bool ProtoTranscoder::wrapper(const MessagePlan& plan, std::string_view bytes, int depth) {
  const FieldPlan& field = plan.fields[0];
  WireReader in(bytes);
  Value value;
  if (!in.done()) {
    std::uint64_t number = 0;
    WireType wire{};
    if (!next(in, 0b10, number, wire) || wire != field.wire || !read(wire, in, value) || !in.done())
      return false;
  }
  return print(field, value, depth);
}

}  // namespace kpipe
