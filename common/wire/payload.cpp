// SPDX-License-Identifier: Apache-2.0
#include "common/wire/payload.hpp"

#include <algorithm>
#include <cstring>

#include "common/wire/json_text.hpp"

namespace kpipe {

Decoded JsonPayload::decode(std::string_view /*topic*/, std::string_view bytes, OutBuffer& out) {
  // Copied first and checked in place: the buffer has the padding that the check needs.
  char* const text = out.reserve(bytes.size());
  if (!bytes.empty()) std::memcpy(text, bytes.data(), bytes.size());
  out.advance(bytes.size());
  if (checker_.check_line(text, bytes.size())) return Decoded::ok;
  return bad("is not valid JSON", "To read it as text: -f string; as bytes: -f raw");
}

Decoded TextPayload::decode(std::string_view /*topic*/, std::string_view bytes, OutBuffer& out) {
  append_json_bytes(out, bytes);
  return Decoded::ok;
}

Decoded RawPayload::decode(std::string_view /*topic*/, std::string_view bytes, OutBuffer& out) {
  append_json_base64(out, bytes);
  return Decoded::ok;
}

Decoded UnwrapPayload::decode(std::string_view topic, std::string_view bytes, OutBuffer& out) {
  const std::size_t start = out.size();
  const Decoded result = inner_->decode(topic, bytes, out);
  if (result == Decoded::bad) return bad(inner_->reason(), inner_->remedy());
  if (result != Decoded::ok) return result;
  const auto named = [&](std::string_view name) {
    return std::find_if(fields_.begin(), fields_.end(),
                        [&](const JsonField& field) { return field.name == name; });
  };
  const bool is_object = reader_.object(out.view().substr(start), fields_);
  if (!is_object || fields_.size() != 2 || named("schema") == fields_.end() ||
      named("payload") == fields_.end()) {
    if (optional_) return Decoded::ok;
    return bad(R"(is not Connect's {"schema":...,"payload":...})", "Leave out --unwrap-schema");
  }
  const std::string_view payload = named("payload")->value.raw;
  std::memmove(out.data() + start, payload.data(), payload.size());
  out.truncate(start + payload.size());
  return Decoded::ok;
}

std::unique_ptr<PayloadDecoder> make_payload(ValueFormat format) {
  switch (format) {
    case ValueFormat::string:
      return std::make_unique<TextPayload>();
    case ValueFormat::raw:
      return std::make_unique<RawPayload>();
    case ValueFormat::json:
      break;
  }
  return std::make_unique<JsonPayload>();
}

}  // namespace kpipe
