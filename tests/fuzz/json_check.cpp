// SPDX-License-Identifier: Apache-2.0
// A payload that kconsume takes for JSON: exactly what RFC 8259 allows, and on the line it is the
// same text.
#include "common/wire/json_check.hpp"

#include <simdjson.h>

#include <algorithm>

#include "common/wire/json_grammar.hpp"
#include "common/wire/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

bool is_line_break(char c) {
  return c == '\n' || c == '\r';
}

bool check(std::string_view payload, char behind, std::string& line) {
  static JsonChecker checker;
  Padded text(payload, behind);
  if (!checker.check_line(text.data(), payload.size())) return false;
  line = text.view();
  return true;
}

bool has_wide_number(const Json& value) {
  if (value.kind == JsonKind::number)
    return value.raw.size() > 15 || value.raw.find_first_of("eE") != value.raw.npos;
  return std::any_of(value.items.begin(), value.items.end(), has_wide_number);
}

bool has_half_pair(const Json& value) {
  const auto is_half = [](const Json& name) { return !name.text; };
  if (value.kind == JsonKind::string) return is_half(value);
  return std::any_of(value.names.begin(), value.names.end(), is_half) ||
         std::any_of(value.items.begin(), value.items.end(), has_half_pair);
}

void require_same_on_the_pipe(std::string_view payload, const std::string& checked,
                              const Json& value) {
  static RecordEncoder encoder(ValueFormat::json);
  static RecordDecoder decoder;
  OutBuffer out;
  KafkaRecord kafka;
  kafka.topic = "t";
  kafka.value = payload;
  require(encoder.encode(kafka, out) == Decoded::ok, "what the checker takes is encoded",
          {payload});
  require(std::count_if(out.view().begin(), out.view().end(), is_line_break) == 1 &&
              out.view().back() == '\n',
          "a record is one line", {out.view()});
  const Padded line(out.view().substr(0, out.size() - 1));
  Record record;
  require(decoder.decode(line.view(), record).empty(), "a sink reads the line", {line.view()});
  const std::size_t begin = checked.find_first_not_of(" \t");
  const std::string_view trimmed =
      std::string_view(checked).substr(begin, checked.find_last_not_of(" \t") + 1 - begin);
  require(record.value.raw == trimmed, "the sink's value is the payload", {payload, line.view()});

  static simdjson::dom::parser strict;
  simdjson::dom::element whole;
  const bool parsed =
      strict.parse(line.view().data(), line.view().size(), false).get(whole) == simdjson::SUCCESS;
  require(parsed || has_wide_number(value) || has_half_pair(value) ||
              value.depth >= JsonChecker::kMaxDepth,
          "a strict parser reads the line", {line.view()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload = as_text(data, size);
  std::string line;
  const bool taken = check(payload, '\0', line);
  for (const char behind : {'"', '}', ']', '1', '\\'}) {
    std::string other;
    require(check(payload, behind, other) == taken && other == line,
            "what stands behind a payload does not matter", {payload});
  }
  const auto value = parse_json(payload);
  const bool is_json = value && value->depth <= JsonChecker::kMaxDepth;
  require(taken == is_json, taken ? "what is no JSON is refused" : "JSON is taken", {payload});
  // Most texts are decided by simdjson; the grammar must come to the same end on its own.
  require(is_json_text(payload, JsonChecker::kMaxDepth) == is_json || !is_utf8(payload),
          "the grammar is JSON's", {payload});
  if (!taken) return 0;

  require(std::equal(payload.begin(), payload.end(), line.begin(), line.end(),
                     [](char was, char is) { return is == (is_line_break(was) ? ' ' : was); }),
          "nothing but line breaks changes", {payload, line});
  std::string again;
  require(check(line, '\0', again) && again == line, "a checked text is done", {line});
  require_same_on_the_pipe(payload, line, *value);
  return 0;
}
