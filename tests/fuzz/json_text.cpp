// SPDX-License-Identifier: Apache-2.0
// Bytes to JSON strings and back, nothing lost; and what append_unescaped() and
// append_base64_decoded() make of texts that others wrote.
#include "common/wire/json_text.hpp"

#include "common/wire/json_reader.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

void round_trip(std::string_view bytes) {
  OutBuffer out;
  append_json_bytes(out, bytes);
  const auto written = parse_json(out.view());
  require(written.has_value(), "bytes become JSON", {bytes, out.view()});
  for (const char c : out.view()) {
    require(static_cast<unsigned char>(c) >= 0x20, "control characters are escaped", {out.view()});
  }
  if (is_utf8(bytes)) {
    require(written->kind == JsonKind::string && written->text == bytes, "text is a string of it",
            {bytes, out.view()});
    std::string back;
    require(append_unescaped(back, out.view()) && back == bytes, "text comes back",
            {bytes, out.view(), back});
  } else {
    const Json* base64 = written->last("base64");
    require(base64 != nullptr && written->items.size() == 1 && base64->text &&
                decode_base64(*base64->text) == bytes,
            "other bytes are base64", {bytes, out.view()});
  }
  OutBuffer base64;
  append_base64(base64, bytes);
  std::string back;
  require(append_base64_decoded(back, base64.view()) && back == bytes, "base64 comes back",
          {bytes, base64.view(), back});
}

void unescape(std::string_view quoted) {
  std::string got = "kept";
  const bool taken = append_unescaped(got, quoted);
  const auto value = parse_json(quoted);
  if (!value || value->kind != JsonKind::string || value->raw.size() != quoted.size()) return;
  require(taken == value->text.has_value(), "a string that has characters has them", {quoted});
  if (taken) require(got == "kept" + *value->text, "a string's characters", {quoted, got});
}

void decode(std::string_view text) {
  std::string got = "kept";
  const auto expected = decode_base64(text);
  require(append_base64_decoded(got, text) == expected.has_value(), "base64 or not", {text});
  if (expected) require(got == "kept" + *expected, "base64's bytes", {text, got});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  require(is_valid_utf8(text) == is_utf8(text), "UTF-8 or not", {text});
  round_trip(text);
  unescape(text);
  unescape("\"" + std::string(text) + "\"");
  decode(text);
  return 0;
}
