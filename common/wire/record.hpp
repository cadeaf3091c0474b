// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_check.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {

// The record line, the one format on the pipe (fields always in this order):
//   {"topic":"orders","partition":3,"offset":1042,"timestamp":1795246448656,"key":"k1",
//    "headers":[{"key":"h","value":"v"}],"value":{...}}
// "gen":N follows "offset" only when N > 0.

struct RecordHeader {
  std::string_view key;
  std::optional<std::string_view> value;
};

/// A record as Kafka has it: bytes, nothing decoded. Views belong to the caller.
struct KafkaRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t generation = 0;
  std::optional<std::int64_t> timestamp_ms;  ///< since the epoch
  std::optional<std::string_view> key;
  const std::vector<RecordHeader>* headers = nullptr;  ///< null: none
  std::optional<std::string_view> value;               ///< absent: a tombstone
};

enum class ValueFormat { json, string, raw };

/// KafkaRecord -> record line.
class RecordEncoder {
 public:
  explicit RecordEncoder(ValueFormat format) : format_(format) {}

  /// Appends one line with its '\n'. False, with `out` as it was, when the value is not JSON under
  /// ValueFormat::json.
  bool encode(const KafkaRecord& record, OutBuffer& out);

 private:
  bool append_value(std::string_view value, OutBuffer& out);

  ValueFormat format_;
  JsonChecker checker_;
};

/// A line as a sink sees it. Views point into the line.
struct Record {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t generation = 0;
  std::optional<std::int64_t> timestamp_ms;
  JsonText key;      ///< null when absent
  JsonText headers;  ///< an array, or null
  JsonText value;    ///< null for a tombstone
};

/// Record line -> Record. Reads kpipe's shape and the neighbours' (`payload` for `value`, `ts` for
/// `timestamp`; kcat -J, rpk, kaf).
class RecordDecoder {
 public:
  /// Empty on success; otherwise the reason, for people ("no \"offset\"", "not a JSON object").
  /// `line` must have OutBuffer::kPadding readable bytes behind it.
  std::string_view decode(std::string_view line, Record& record);

 private:
  JsonReader reader_;
  std::vector<JsonField> fields_;
};

}  // namespace kpipe
