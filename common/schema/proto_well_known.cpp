// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_well_known.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "common/wire/instant.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;

constexpr std::pair<std::string_view, WellKnown> kTypes[] = {{"Any", WellKnown::any},
                                                             {"Timestamp", WellKnown::timestamp},
                                                             {"Duration", WellKnown::duration},
                                                             {"FieldMask", WellKnown::field_mask},
                                                             {"Struct", WellKnown::structure},
                                                             {"Value", WellKnown::value},
                                                             {"ListValue", WellKnown::list_value},
                                                             {"DoubleValue", WellKnown::wrapper},
                                                             {"FloatValue", WellKnown::wrapper},
                                                             {"Int64Value", WellKnown::wrapper},
                                                             {"UInt64Value", WellKnown::wrapper},
                                                             {"Int32Value", WellKnown::wrapper},
                                                             {"UInt32Value", WellKnown::wrapper},
                                                             {"BoolValue", WellKnown::wrapper},
                                                             {"StringValue", WellKnown::wrapper},
                                                             {"BytesValue", WellKnown::wrapper}};

/// `depth`: Struct, its map's entries, Value, ListValue refer to each other.
bool same_shape(const pb::Descriptor& a, const pb::Descriptor& b, int depth = 0) {
  if (a.full_name() != b.full_name() || a.field_count() != b.field_count() ||
      a.options().map_entry() != b.options().map_entry())
    return false;
  for (int i = 0; i < a.field_count(); ++i) {
    const pb::FieldDescriptor& field = *a.field(i);
    const pb::FieldDescriptor* const other = b.FindFieldByNumber(field.number());
    if (other == nullptr || other->type() != field.type() || other->label() != field.label() ||
        other->has_presence() != field.has_presence())
      return false;
    if (field.message_type() != nullptr && depth < 4 &&
        !same_shape(*field.message_type(), *other->message_type(), depth + 1))
      return false;
  }
  return true;
}

constexpr std::int64_t kLongest = 315'576'000'000;  // seconds: 10,000 years
constexpr std::int32_t kNanos = 1'000'000'000;

char* put_fraction(char* to, std::uint32_t nanos) {
  if (nanos == 0) return to;
  *to++ = '.';
  if (nanos % 1'000'000 == 0) return put_digits(to, nanos / 1'000'000, 3);
  if (nanos % 1'000 == 0) return put_digits(to, nanos / 1'000, 6);
  return put_digits(to, nanos, 9);
}

template <typename Integer>
void append_in_quotes(OutBuffer& out, Integer value) {
  constexpr std::size_t longest = 24;
  char* const at = out.reserve(longest);
  *at = '"';
  char* const end = std::to_chars(at + 1, at + longest, value).ptr;
  *end = '"';
  out.advance(static_cast<std::size_t>(end + 1 - at));
}

}  // namespace

WellKnown well_known(const pb::Descriptor& message) {
  constexpr std::string_view package = "google.protobuf.";
  const std::string& name = message.full_name();
  if (!name.starts_with(package)) return WellKnown::none;
  for (const auto& [type, known] : kTypes) {
    if (std::string_view(name).substr(package.size()) != type) continue;
    const pb::Descriptor* const ours =
        pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    return ours != nullptr && same_shape(message, *ours) ? known : WellKnown::none;
  }
  return WellKnown::none;
}

std::string_view append_timestamp(OutBuffer& out, std::int64_t seconds, std::int32_t nanos) {
  if (seconds < kFirstSecond || seconds > kLastSecond) return "is outside of the years 1 to 9999";
  if (nanos < 0 || nanos >= kNanos) return "has nanos outside of 0 to 999999999";
  char* const start = out.reserve(40);
  char* to = start;
  *to++ = '"';
  to = put_date_time(to, seconds);
  to = put_fraction(to, static_cast<std::uint32_t>(nanos));
  *to++ = 'Z';
  *to++ = '"';
  out.advance(static_cast<std::size_t>(to - start));
  return {};
}

std::string_view append_duration(OutBuffer& out, std::int64_t seconds, std::int32_t nanos) {
  if (seconds < -kLongest || seconds > kLongest) return "is longer than 10000 years";
  if (nanos <= -kNanos || nanos >= kNanos) return "has nanos outside of -999999999 to 999999999";
  if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0))
    return "has seconds and nanos of different signs";
  char* const start = out.reserve(40);
  char* to = start;
  *to++ = '"';
  if (seconds < 0 || nanos < 0) *to++ = '-';
  to = std::to_chars(to, to + 20, seconds < 0 ? -seconds : seconds).ptr;
  to = put_fraction(to, static_cast<std::uint32_t>(nanos < 0 ? -nanos : nanos));
  *to++ = 's';
  *to++ = '"';
  out.advance(static_cast<std::size_t>(to - start));
  return {};
}

std::string_view append_mask_path(OutBuffer& out, std::string_view path) {
  // Only what reads back as the same path may be written in the other case.
  constexpr std::string_view lost = "has a path that lowerCamelCase cannot show";
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == ',' || c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ||
        (c >= 'A' && c <= 'Z'))
      return lost;
    if (c == '_') {
      if (++i == path.size() || path[i] < 'a' || path[i] > 'z') return lost;
      c = static_cast<char>(path[i] - 'a' + 'A');
    }
    out.append(c);
  }
  return {};
}

void append_quoted(OutBuffer& out, std::int64_t value) {
  append_in_quotes(out, value);
}

void append_quoted(OutBuffer& out, std::uint64_t value) {
  append_in_quotes(out, value);
}

}  // namespace kpipe
