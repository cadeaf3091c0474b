// SPDX-License-Identifier: Apache-2.0
// Whatever schemas and bytes are: decoding ends, stays within them, and what it takes is one JSON
// value on one line, in the same bytes whatever stands behind the payload in memory.
// An input: lines with the writer's schema, the reader's (empty: as written), then the payload.
#include "common/schema/avro_container.hpp"
#include "common/schema/avro_decode.hpp"
#include "common/schema/avro_fingerprint.hpp"
#include "common/schema/avro_resolve.hpp"
#include "common/wire/json_check.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

/// So that an input of many values of no bytes takes milliseconds, as one of 64 MiB would not.
constexpr std::size_t kFreeOutput = 1 << 16;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

std::optional<AvroSchema> schema_of(std::string_view text) {
  try {
    return AvroSchema::parse(text);
  } catch (const AvroSchemaError&) {
    return std::nullopt;
  }
}

void require_json(std::string_view json, std::string_view payload) {
  require(json.find('\n') == std::string_view::npos, "a value has no line breaks", {json});
  std::string text(json);
  text.resize(text.size() + OutBuffer::kPadding);
  JsonChecker checker;
  require(checker.check_line(text.data(), json.size()), "what is taken is JSON", {json, payload});
}

void try_program(const AvroProgram& program, std::string_view payload) {
  AvroDecoder decoder(kFreeOutput);
  OutBuffer out, again;
  const bool taken = decoder.decode(program, payload, out);
  require(out.size() <= kFreeOutput + (payload.size() + 1) * AvroDecoder::kMaxGrowth + (1 << 22),
          "output is bounded", {payload});
  require(taken || !decoder.reason().empty(), "a refusal has a reason", {payload});
  if (!taken) return;
  require_json(out.view(), payload);
  // One more byte is one too many, and changes nothing before it.
  std::string longer(payload);
  longer += 'x';
  std::string_view rest = longer;
  require(decoder.decode_front(program, rest, again) && rest == "x" && again.view() == out.view(),
          "what stands behind a value does not matter", {payload});
}

void try_container(std::string_view payload, const AvroSchema* reader) {
  AvroContainer container(AvroOutput::plain, kFreeOutput);
  OutBuffer out;
  const bool taken = container.decode(payload, reader, out);
  require(!taken || AvroContainer::is_container(payload), "only containers are taken", {payload});
  if (taken) require_json(out.view(), payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto writer = schema_of(take_line(rest));
  const auto reader = schema_of(take_line(rest));
  try_container(rest, reader ? &*reader : nullptr);
  if (!writer) return 0;
  const std::string form = avro_canonical_form(*writer);
  avro_fingerprint(form);
  for (const AvroOutput output : {AvroOutput::plain, AvroOutput::avro_json}) {
    try {
      try_program(resolve_avro(*writer, reader ? *reader : *writer, output), rest);
    } catch (const AvroSchemaError&) {
      // Too many pairs of types, which a small input cannot have.
      require(size > 10'000, "only large schemas are too large", {rest});
    }
  }
  return 0;
}
