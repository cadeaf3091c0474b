// SPDX-License-Identifier: Apache-2.0
// A line as a sink reads it from the pipe. What JSON says of it decides what must be read; a line
// that is no JSON may be read (nested values are not looked into) as long as it means one thing.
#include <limits>

#include "common/base/parse.hpp"
#include "common/wire/json_check.hpp"
#include "common/wire/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

/// What the decoder said, without views.
struct Answer {
  std::string reason, topic, key, headers, value;
  std::int64_t partition = 0, offset = 0, generation = 0;
  std::optional<std::int64_t> timestamp_ms;

  bool operator==(const Answer&) const = default;
};

void require_inside(const JsonText& part, std::string_view line) {
  const bool absent = part.is_null();  // may be the word that stands for a missing member
  require(absent || (part.raw.data() >= line.data() &&
                     part.raw.data() + part.raw.size() <= line.data() + line.size()),
          "a record's parts lie in its line", {line});
}

Answer decode(std::string_view line, char behind) {
  static RecordDecoder decoder;
  const Padded padded(line, behind);
  Record record;
  Answer result;
  result.reason = decoder.decode(padded.view(), record);
  if (!result.reason.empty()) return result;
  for (const JsonText& part : {record.key, record.headers, record.value})
    require_inside(part, padded.view());
  result.topic = record.topic;
  result.key = record.key.raw;
  result.headers = record.headers.raw;
  result.value = record.value.raw;
  result.partition = record.partition;
  result.offset = record.offset;
  result.generation = record.generation;
  result.timestamp_ms = record.timestamp_ms;
  return result;
}

bool is_number_up_to(const Json& value, std::int64_t most) {
  const auto number = as_int(value);
  return number && *number >= 0 && *number <= most;
}

/// Every member must be what it should be; of several the last counts.
bool is_record(const Json& line) {
  if (line.kind != JsonKind::object) return false;
  for (std::size_t i = 0; i < line.names.size(); ++i) {
    if (!line.names[i].text) return false;
    const std::string& name = *line.names[i].text;
    const Json& item = line.items[i];
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const bool good = name == "topic" ? item.kind == JsonKind::string && item.raw.size() > 2 &&
                                            item.raw.find('\\') == std::string_view::npos
                      : name == "partition"
                          ? is_number_up_to(item, std::numeric_limits<std::int32_t>::max())
                      : name == "offset" ? is_number_up_to(item, most - 1)
                      : name == "gen"    ? is_number_up_to(item, most)
                                         : true;
    if (!good) return false;
  }
  return line.last("topic") && line.last("partition") && line.last("offset") &&
         (line.last("value") || line.last("payload"));
}

/// The last of two spellings.
const Json* last_of(const Json& line, std::string_view one, std::string_view other) {
  const Json* a = line.last(one);
  const Json* b = line.last(other);
  if (a == nullptr || b == nullptr) return a != nullptr ? a : b;
  return a > b ? a : b;
}

/// Lines of kconsume --envelope nested and prefixed.
bool may_be_of_another_shape(const Json& line) {
  return line.last("_kafka_offset") != nullptr ||
         (line.last("metadata") != nullptr && !is_record(line));
}

/// In ms since the epoch, or as text.
std::optional<std::int64_t> moment(const Json* text) {
  if (text == nullptr) return std::nullopt;
  if (text->kind != JsonKind::string) return as_int(*text);
  if (text->raw.find('\\') != std::string_view::npos) return std::nullopt;
  return parse_timestamp(text->raw.substr(1, text->raw.size() - 2));
}

void compare(const Answer& got, const Json& line, std::string_view text) {
  const auto raw = [](const Json* value) { return value == nullptr ? "null" : value->raw; };
  const Json* generation = line.last("gen");
  const Json* timestamp = last_of(line, "timestamp", "ts");
  require(got.topic == line.last("topic")->text, "the topic", {text, got.topic});
  require(got.partition == as_int(*line.last("partition")), "the partition", {text});
  require(got.offset == as_int(*line.last("offset")), "the offset", {text});
  require(got.generation == (generation == nullptr ? 0 : as_int(*generation)), "the generation",
          {text});
  require(got.timestamp_ms == moment(timestamp), "the timestamp", {text});
  require(got.key == raw(line.last("key")), "the key", {text, got.key});
  require(got.headers == raw(line.last("headers")), "the headers", {text, got.headers});
  require(got.value == raw(last_of(line, "value", "payload")), "the value", {text, got.value});
}

std::string written_anew(const Answer& record) {
  return R"({"topic":")" + record.topic + R"(","partition":)" + std::to_string(record.partition) +
         R"(,"offset":)" + std::to_string(record.offset) + R"(,"gen":)" +
         std::to_string(record.generation) + R"(,"timestamp":)" +
         (record.timestamp_ms ? std::to_string(*record.timestamp_ms) : "null") + R"(,"key":)" +
         record.key + R"(,"headers":)" + record.headers + R"(,"value":)" + record.value + "}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const Answer got = decode(text, '\0');
  for (const char behind : {'"', '}', '1', '\\'}) {
    require(decode(text, behind) == got, "what stands behind a line does not matter", {text});
  }
  const auto line = parse_json(text);
  const bool own_shape = line && !may_be_of_another_shape(*line);
  if (own_shape && line->depth <= JsonChecker::kMaxDepth) {
    require(got.reason.empty() == is_record(*line), "a JSON object that is a record is one",
            {text, got.reason});
  }
  if (!got.reason.empty()) return 0;
  if (own_shape) compare(got, *line, text);
  const std::string anew = written_anew(got);
  require(decode(anew, '\0') == got, "a record written anew is the same record", {text, anew});
  return 0;
}
