// SPDX-License-Identifier: Apache-2.0
// Whatever a Kafka record holds comes out of the pipe as it went in, and one record's bytes never
// touch another's line.
#include <algorithm>

#include "common/wire/json_check.hpp"
#include "common/wire/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

/// Owns what a KafkaRecord points to.
struct Made {
  std::string topic;
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::vector<RecordHeader> views;
  KafkaRecord record;

  explicit Made(MadeUp& made) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto bytes = [&]() -> std::optional<std::string> {
      if (made.below(4) == 0) return std::nullopt;
      return made.bytes(300);
    };
    const TopicPartition tp = made.topic_partition();
    topic = tp.topic;
    record.partition = tp.partition;
    record.offset = made.from_zero_to(most - 1);
    if (made.flag()) record.generation = made.from_zero_to(most);
    if (made.flag()) record.timestamp_ms = static_cast<std::int64_t>(made.any64());
    value = bytes();
    key = bytes();
    while (made.more() && made.below(3) != 0) headers.emplace_back(made.bytes(), bytes());
    for (const auto& [name, content] : headers) views.push_back({name, content});
    record.topic = topic;
    record.key = key;
    record.value = value;
    record.headers = &views;
  }
};

/// A string's characters or base64's bytes; nothing for null.
std::optional<std::string> bytes_of(std::string_view raw, bool only_base64 = false) {
  const auto json = parse_json(raw);
  require(json.has_value(), "keys, headers and text values are JSON", {raw});
  if (json->kind == JsonKind::null) return std::nullopt;
  if (json->kind == JsonKind::string && !only_base64) return json->text;
  require(json->kind == JsonKind::object && json->items.size() == 1 &&
              json->names.front().text == "base64" && json->items.front().text,
          "bytes are a string or base64", {raw});
  return decode_base64(*json->items.front().text);
}

/// A JSON payload as it must stand on the line: without the space around it, on one line.
std::string on_a_line(std::string_view payload) {
  std::string line(payload);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  const std::size_t begin = line.find_first_not_of(" \t");
  return line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
}

bool must_be_taken(const Made& made, ValueFormat format) {
  if (format != ValueFormat::json || !made.value) return true;
  const auto json = parse_json(*made.value);
  return json && json->depth <= JsonChecker::kMaxDepth;
}

void require_same(const Record& got, const Made& made, ValueFormat format, std::string_view line) {
  require(got.topic == made.topic && got.partition == made.record.partition &&
              got.offset == made.record.offset && got.generation == made.record.generation &&
              got.timestamp_ms == made.record.timestamp_ms,
          "where a record stands", {line});
  require(bytes_of(got.key.raw) == made.key, "the key", {line});
  if (format == ValueFormat::json && made.value) {
    require(got.value.raw == on_a_line(*made.value), "the JSON value", {line, *made.value});
  } else {
    require(bytes_of(got.value.raw, format == ValueFormat::raw) == made.value, "the value", {line});
  }
  const auto headers = parse_json(got.headers.raw);
  require(
      headers && headers->kind == JsonKind::array && headers->items.size() == made.headers.size(),
      "the headers", {line});
  for (std::size_t i = 0; i < made.headers.size(); ++i) {
    const Json& header = headers->items[i];
    require(header.last("key") != nullptr && header.last("value") != nullptr &&
                bytes_of(header.last("key")->raw) == made.headers[i].first &&
                bytes_of(header.last("value")->raw) == made.headers[i].second,
            "a header", {line});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MadeUp input(data, size);
  const auto format = static_cast<ValueFormat>(input.below(3));
  RecordEncoder encoder(format);
  OutBuffer out;
  std::vector<std::unique_ptr<Made>> written;
  do {
    auto made = std::make_unique<Made>(input);
    const std::string before(out.view());
    const bool taken = encoder.encode(made->record, out) == Decoded::ok;
    require(taken == must_be_taken(*made, format), "what is JSON is taken",
            {made->value.value_or("")});
    require(out.view().starts_with(before) && (taken || out.size() == before.size()),
            "other lines stay as they were", {before, out.view()});
    if (taken) written.push_back(std::move(made));
  } while (input.more());

  std::string_view rest = out.view();
  RecordDecoder decoder;
  for (const auto& made : written) {
    const Padded line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.view().size() + 1));
    Record record;
    const std::string_view reason = decoder.decode(line.view(), record);
    require(reason.empty(), "a sink reads what kconsume wrote", {line.view(), reason});
    require_same(record, *made, format, line.view());
  }
  require(rest.empty(), "one line a record", {out.view()});
  return 0;
}
