// SPDX-License-Identifier: Apache-2.0
// ProtoPrinter: the types of google/protobuf, which have a JSON of their own.
#include <cmath>
#include <memory>

#include "common/schema/proto_fault.hpp"
#include "common/schema/proto_print.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {

namespace pb = google::protobuf;

bool ProtoPrinter::print_known(WellKnown known, const Message& message, OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const auto seconds = [&] { return look.GetInt64(message, &field_number(message, 1)); };
  const auto nanos = [&] { return look.GetInt32(message, &field_number(message, 2)); };
  switch (known) {
    case WellKnown::any:
      return print_any(message, out);
    case WellKnown::timestamp: {
      const std::string_view why = append_timestamp(out, seconds(), nanos());
      return why.empty() || fail(why);
    }
    case WellKnown::duration: {
      const std::string_view why = append_duration(out, seconds(), nanos());
      return why.empty() || fail(why);
    }
    case WellKnown::field_mask:
      return print_field_mask(message, out);
    case WellKnown::value:
      return print_struct_value(message, out);
    case WellKnown::structure:
      return print_map(message, field_number(message, 1), out);
    case WellKnown::list_value:
      return print_repeated(message, field_number(message, 1), out);
    default:
      return print_value(message, field_number(message, 1), -1, out);
  }
}

bool ProtoPrinter::print_field_mask(const Message& message, OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const Field& paths = field_number(message, 1);
  out.append('"');
  for (int i = 0; i < look.FieldSize(message, &paths); ++i) {
    if (i > 0) out.append(',');
    const std::string path = look.GetRepeatedString(message, &paths, i);
    if (!is_valid_utf8(path)) return fail("is not valid UTF-8");
    const std::string_view why = append_mask_path(out, path);
    if (!why.empty()) return fail(why);
  }
  out.append('"');
  return true;
}

bool ProtoPrinter::print_struct_value(const Message& message, OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const Field* const kind =
      look.GetOneofFieldDescriptor(message, message.GetDescriptor()->oneof_decl(0));
  if (kind == nullptr || kind->type() == Field::TYPE_ENUM) {
    out.append("null");
    return true;
  }
  if (kind->type() == Field::TYPE_DOUBLE && !std::isfinite(look.GetDouble(message, kind)))
    return fail("is NaN or infinite, which JSON has not");
  return print_value(message, *kind, -1, out);
}

bool ProtoPrinter::print_any(const Message& message, OutBuffer& out) {
  const pb::Reflection& look = *message.GetReflection();
  const std::string url = look.GetString(message, &field_number(message, 1));
  const std::string bytes = look.GetString(message, &field_number(message, 2));
  if (url.empty() && bytes.empty()) {
    out.append("{}");
    return true;
  }
  out.append("{\"@type\":");
  if (!print_string(url, out)) return false;
  const pb::Descriptor* const type = schema_.find(std::string_view(url).substr(url.rfind('/') + 1));
  if (type == nullptr) {
    out.append(",\"value\":\"");
    append_base64(out, bytes);
    out.append("\"}");
    return true;
  }
  if (depth_ > kMaxProtoNesting)
    return fail("nests deeper than " + std::to_string(kMaxProtoNesting));
  const std::unique_ptr<Message> inner(factory_.GetPrototype(type)->New());
  if (!parse(*type, bytes, *inner)) return false;
  if (well_known(*type) != WellKnown::none) {
    out.append(",\"value\":");
    if (!print_message(*inner, out)) return false;
  } else {
    ++depth_;
    if (!print_members(*inner, out, false)) return false;
    --depth_;
  }
  out.append('}');
  return true;
}

}  // namespace kpipe
