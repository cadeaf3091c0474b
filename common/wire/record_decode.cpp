// SPDX-License-Identifier: Apache-2.0
// RecordDecoder of record.hpp.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "common/base/parse.hpp"
#include "common/wire/own_line.hpp"
#include "common/wire/record.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kPrefix = "_kafka_";
constexpr std::string_view kJsonSpaces = " \t\n\r";

/// Milliseconds, or RFC 3339.
std::optional<std::int64_t> moment(const JsonText& text) {
  if (const auto ms = json_int(text)) return ms;
  const auto words = plain_string(text);
  return words ? parse_timestamp(*words) : std::nullopt;
}

/// name == text, without a call: `take` asks it several times for each field of each record.
template <std::size_t N>
bool is(std::string_view name, const char (&text)[N]) {
  return name.size() == N - 1 && std::memcmp(name.data(), text, N - 1) == 0;
}

const JsonText* find(const std::vector<JsonField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const JsonField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace

/// One field of a record, under its name in a record line.
std::string_view RecordDecoder::take(std::string_view name, const JsonText& text, Record& record) {
  if (is(name, "topic")) {
    const auto topic = plain_string(text);
    if (!topic || topic->empty()) return "\"topic\" is not a topic name";
    record.topic = *topic;
  } else if (is(name, "partition")) {
    const auto partition = json_int(text);
    if (!partition || *partition < 0 || *partition > std::numeric_limits<std::int32_t>::max()) {
      return "\"partition\" is not a partition number";
    }
    record.partition = static_cast<std::int32_t>(*partition);
    seen_.partition = true;
  } else if (is(name, "offset")) {
    const auto offset = json_int(text);
    if (!offset || *offset < 0 || *offset == std::numeric_limits<std::int64_t>::max()) {
      return "\"offset\" is not an offset";
    }
    record.offset = *offset;
    seen_.offset = true;
  } else if (is(name, "gen")) {
    const auto generation = json_int(text);
    if (!generation || *generation < 0) return "\"gen\" is not a generation";
    record.generation = *generation;
  } else if (is(name, "timestamp") || is(name, "ts")) {
    record.timestamp_ms = moment(text);
  } else if (is(name, "key")) {
    record.key = text;
  } else if (is(name, "headers")) {
    record.headers = text;
  } else if (is(name, "value") || is(name, "payload")) {
    record.value = text;
    seen_.value = true;
  }
  return {};
}

/// The fields of the value and the record's beside each other: the value is the whole line.
std::string_view RecordDecoder::take_prefixed(std::string_view line, Record& record) {
  record = Record{};
  seen_ = {};
  for (const JsonField& field : fields_) {
    if (!field.name.starts_with(kPrefix)) continue;
    const auto reason = take(field.name.substr(kPrefix.size()), field.value, record);
    if (!reason.empty()) return reason;
  }
  // As a value within a line begins and ends.
  const std::size_t begin = line.find_first_not_of(kJsonSpaces);
  const std::size_t end = line.find_last_not_of(kJsonSpaces) + 1;
  record.value = JsonText{JsonKind::object, line.substr(begin, end - begin)};
  seen_.value = true;
  return {};
}

std::string_view RecordDecoder::take_nested(const JsonText& metadata, Record& record) {
  record = Record{};
  seen_ = {};
  if (!reader_.object(metadata.raw, inner_)) return "\"metadata\" is not an object";
  for (const JsonField& field : inner_) {
    const auto reason = take(field.name == "time" ? std::string_view("timestamp") : field.name,
                             field.value, record);
    if (!reason.empty()) return reason;
  }
  if (const JsonText* const data = find(fields_, "data")) {
    record.value = *data;
    seen_.value = true;
  }
  return {};
}

std::string_view RecordDecoder::decode(std::string_view line, Record& record) {
  if (read_own_line(line, record)) return {};
  if (!reader_.object(line, fields_)) return "not a JSON object";
  record = Record{};
  seen_ = {};
  bool prefixed = false;
  std::string_view reason;
  for (const JsonField& field : fields_) {
    prefixed = prefixed || is(field.name, "_kafka_offset");
    if (reason.empty()) reason = take(field.name, field.value, record);
  }
  if (prefixed) {
    reason = take_prefixed(line, record);
  } else if (const JsonText* metadata = nullptr;
             !seen_.offset && (metadata = find(fields_, "metadata")) != nullptr) {
    reason = take_nested(*metadata, record);
  }
  if (!reason.empty()) return reason;
  if (record.topic.empty()) return "no \"topic\"";
  if (!seen_.partition) return "no \"partition\"";
  if (!seen_.offset) return "no \"offset\"";
  if (!seen_.value) return "no \"value\"";
  return {};
}

}  // namespace kpipe
