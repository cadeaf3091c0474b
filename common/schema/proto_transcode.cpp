// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_transcode.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "common/schema/proto_fault.hpp"
#include "common/schema/proto_print.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

using Field = google::protobuf::FieldDescriptor;

constexpr std::uint64_t kMaxTag = 0xFFFF'FFFF;

bool read_tag(WireReader& in, std::uint64_t& number, WireType& wire) {
  std::uint64_t tag = 0;
  if (!in.short_varint(tag) || tag > kMaxTag) return false;
  number = tag >> 3;
  wire = static_cast<WireType>(tag & 7);
  return number != 0;
}

}  // namespace

bool ProtoTranscoder::write(const MessagePlan& plan, std::string_view bytes, OutBuffer& out,
                            std::vector<UnknownField>& unknown) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return false;
  out_ = &out;
  unknown_ = &unknown;
  keys_.clear();
  return message(plan, bytes, 0);
}

bool ProtoTranscoder::message(const MessagePlan& plan, std::string_view bytes, int depth) {
  if (depth > kMaxProtoNesting || plan.slow) return false;
  if (plan.known != WellKnown::none) return known(plan, bytes, depth);
  WireReader in(bytes);
  out_->append('{');
  if (!members(plan, in, 0, depth, true)) return false;
  out_->append('}');
  return true;
}

bool ProtoTranscoder::read(WireType wire, WireReader& in, Value& value) {
  switch (wire) {
    case WireType::varint:
      return in.varint(value.bits);
    case WireType::fixed64:
      return in.fixed(value.bits);
    case WireType::fixed32: {
      std::uint32_t word = 0;
      if (!in.fixed(word)) return false;
      value.bits = word;
      return true;
    }
    case WireType::bytes:
      return in.bytes(value.bytes);
    default:
      return false;
  }
}

bool ProtoTranscoder::members(const MessagePlan& plan, WireReader& in, std::uint64_t group,
                              int depth, bool first) {
  Progress progress;
  progress.first = first;
  while (true) {
    if (in.done()) {
      if (group != 0) return false;
      break;
    }
    std::uint64_t number = 0;
    WireType wire{};
    if (!read_tag(in, number, wire)) return false;
    if (wire == WireType::end_group) {
      if (number != group) return false;
      break;
    }
    const FieldPlan* const known = plan.field(number);
    if (known != nullptr && (wire == known->wire || (wire == WireType::bytes && known->packable))) {
      if (!field(*known, wire, in, depth, progress)) return false;
    } else {
      if (!skip(wire, number, in, depth)) return false;
      unknown_->push_back({plan.type, static_cast<int>(number)});
    }
  }
  return close(progress) && progress.required == plan.required;
}

bool ProtoTranscoder::field(const FieldPlan& field, WireType wire, WireReader& in, int depth,
                            Progress& progress) {
  if (&field != progress.last) {
    if (progress.last != nullptr && field.number < progress.last->number) return false;
    if (!close(progress)) return false;
    progress.last = &field;
    if (field.required) ++progress.required;
    if (field.oneof >= 0) {
      const std::uint64_t bit = std::uint64_t{1} << field.oneof;
      if ((progress.oneofs & bit) != 0) return false;
      progress.oneofs |= bit;
    }
  } else if (!field.repeated) {
    return false;
  }
  if (wire == field.wire) return element(field, in, depth, progress);
  std::string_view packed;
  if (!in.bytes(packed)) return false;
  WireReader values(packed);
  while (!values.done()) {
    if (!element(field, values, depth, progress)) return false;
  }
  return true;
}

bool ProtoTranscoder::element(const FieldPlan& field, WireReader& in, int depth,
                              Progress& progress) {
  if (field.wire == WireType::group) {  // which only its own end tag delimits
    separate(field, progress);
    if (depth + 1 > kMaxProtoNesting || field.message->slow) return false;
    out_->append('{');
    if (!members(*field.message, in, field.number, depth + 1, true)) return false;
    out_->append('}');
    return true;
  }
  Value value;
  if (!read(field.wire, in, value)) return false;
  if (!field.repeated && !field.presence) {
    // Of 32-bit fields and enums only the low half counts.
    const bool half = field.type == Field::TYPE_INT32 || field.type == Field::TYPE_UINT32 ||
                      field.type == Field::TYPE_SINT32 || field.type == Field::TYPE_ENUM;
    if ((half ? value.bits & 0xFFFF'FFFF : value.bits) == 0 && value.bytes.empty()) return true;
  }
  separate(field, progress);
  if (field.map) return map_entry(field, value.bytes, depth + 1);
  return print(field, value, depth);
}

void ProtoTranscoder::separate(const FieldPlan& field, Progress& progress) {
  if (progress.open) {
    out_->append(',');
    return;
  }
  const std::string_view name = field.name;
  out_->append(progress.first ? name.substr(1) : name);
  progress.first = false;
  if (!field.repeated) return;
  out_->append(field.map ? '{' : '[');
  progress.open = true;
  progress.keys = keys_.size();
}

bool ProtoTranscoder::close(Progress& progress) {
  if (!progress.open) return true;
  progress.open = false;
  out_->append(progress.last->map ? '}' : ']');
  if (!progress.last->map) return true;
  const bool repeats = repeats_a_key(progress.keys);
  keys_.resize(progress.keys);
  return !repeats;
}

bool ProtoTranscoder::repeats_a_key(std::size_t from) {
  sorted_.clear();
  bool ascending = true;
  for (std::size_t i = from; i < keys_.size(); ++i) {
    sorted_.emplace_back(out_->data() + keys_[i].first, keys_[i].second);
    ascending = ascending && (i == from || sorted_[i - from - 1] < sorted_.back());
  }
  if (ascending) return false;
  std::sort(sorted_.begin(), sorted_.end());
  return std::adjacent_find(sorted_.begin(), sorted_.end()) != sorted_.end();
}

bool ProtoTranscoder::map_entry(const FieldPlan& field, std::string_view bytes, int depth) {
  if (depth > kMaxProtoNesting) return false;
  const FieldPlan& key = field.message->fields[0];
  const FieldPlan& item = field.message->fields[1];
  WireReader in(bytes);
  Value values[2];
  std::uint64_t seen = 0;
  while (!in.done()) {
    std::uint64_t number = 0;
    WireType wire{};
    if (!read_tag(in, number, wire) || number > 2 || number <= seen) return false;
    if (wire != (number == 1 ? key : item).wire) return false;
    seen = number;
    if (!read(wire, in, values[number - 1])) return false;
  }
  const std::size_t start = out_->size();
  const bool quoted = key.type == Field::TYPE_STRING || key.type == Field::TYPE_INT64 ||
                      key.type == Field::TYPE_SINT64 || key.type == Field::TYPE_SFIXED64 ||
                      key.type == Field::TYPE_UINT64 || key.type == Field::TYPE_FIXED64;
  if (!quoted) out_->append('"');
  if (!print(key, values[0], depth)) return false;
  if (!quoted) out_->append('"');
  keys_.emplace_back(start, out_->size() - start);
  out_->append(':');
  return print(item, values[1], depth);
}

bool ProtoTranscoder::print(const FieldPlan& field, const Value& value, int depth) {
  OutBuffer& out = *out_;
  const std::uint64_t bits = value.bits;
  switch (field.type) {
    case Field::TYPE_INT32:
    case Field::TYPE_SFIXED32:
      out.append_int(static_cast<std::int32_t>(bits));
      return true;
    case Field::TYPE_UINT32:
    case Field::TYPE_FIXED32:
      out.append_int(static_cast<std::uint32_t>(bits));
      return true;
    case Field::TYPE_SINT32:
      out.append_int(static_cast<std::int32_t>(zigzag(bits & 0xFFFF'FFFF)));
      return true;
    case Field::TYPE_INT64:
    case Field::TYPE_SFIXED64:
      append_quoted(out, static_cast<std::int64_t>(bits));
      return true;
    case Field::TYPE_UINT64:
    case Field::TYPE_FIXED64:
      append_quoted(out, bits);
      return true;
    case Field::TYPE_SINT64:
      append_quoted(out, zigzag(bits));
      return true;
    case Field::TYPE_DOUBLE:
      append_json_number(out, std::bit_cast<double>(bits));
      return true;
    case Field::TYPE_FLOAT:
      append_json_number(out, std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
      return true;
    case Field::TYPE_BOOL:
      out.append(bits != 0 ? "true" : "false");
      return true;
    case Field::TYPE_ENUM: {
      const auto number = static_cast<std::int32_t>(bits);
      const std::string_view name = field.enums->text(number);
      if (name.empty()) {
        out.append_int(number);
      } else {
        out.append(name);
      }
      return true;
    }
    case Field::TYPE_STRING:
      return append_json_text(*out_, value.bytes);
    case Field::TYPE_BYTES:
      out.append('"');
      append_base64(out, value.bytes);
      out.append('"');
      return true;
    default:
      return message(*field.message, value.bytes, depth + 1);
  }
}

bool ProtoTranscoder::skip(WireType wire, std::uint64_t number, WireReader& in, int depth) {
  Value ignored;
  if (wire != WireType::group) return read(wire, in, ignored);
  if (depth + 1 > kMaxProtoNesting) return false;
  while (true) {
    std::uint64_t inner = 0;
    if (!read_tag(in, inner, wire)) return false;
    if (wire == WireType::end_group) return inner == number;
    if (!skip(wire, inner, in, depth + 1)) return false;
  }
}

}  // namespace kpipe
