// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_reader.hpp"
#include "common/wire/payload.hpp"

namespace kpipe {

// The record line, the one format on the pipe (fields always in this order):
//   {"topic":"orders","partition":3,"offset":1042,"timestamp":1795246448656,"key":"k1",
//    "headers":[{"key":"h","value":"v"}],"value":{...}}
// "gen":N follows "offset" only when N > 0.

struct RecordHeader {
  std::string_view key;
  std::optional<std::string_view> value;
};

/// Whose clock a record's timestamp is (message.timestamp.type).
enum class TimestampType { unknown, create, log_append };

/// A record as Kafka has it: bytes, nothing decoded. Views belong to the caller.
struct KafkaRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t generation = 0;
  std::optional<std::int64_t> timestamp_ms;  ///< since the epoch
  TimestampType timestamp_type = TimestampType::unknown;
  std::int32_t broker = -1;  ///< that it was fetched from
  std::optional<std::string_view> key;
  const std::vector<RecordHeader>* headers = nullptr;  ///< null: none
  std::optional<std::string_view> value;               ///< absent: a tombstone
};

/// How a line holds a record.
enum class Envelope {
  record,    ///< as above
  value,     ///< the value alone: nobody can tell where it came from
  nested,    ///< {"data":VALUE,"metadata":{"key","partition","offset","time","topic"}}
  prefixed,  ///< the fields of the value, then _kafka_topic, _kafka_partition, _kafka_offset,
             ///< _kafka_timestamp, _kafka_key, _kafka_headers. Of two fields of one name readers of
             ///< JSON take the last. What is no object stands in "value"
  kcat       ///< as kcat -J prints it, with the value as JSON in "payload"
};

struct LineShape {
  Envelope envelope = Envelope::record;
  bool rfc3339 = false;        ///< timestamps as text in UTC, not in ms since the epoch
  std::string topic_prefix{};  ///< put before the topic's name
};

/// KafkaRecord -> line.
class RecordEncoder {
 public:
  /// Record lines, with keys as text.
  explicit RecordEncoder(ValueFormat format);
  RecordEncoder(LineShape shape, std::unique_ptr<PayloadDecoder> key,
                std::unique_ptr<PayloadDecoder> value);

  /// Appends one line with its '\n'. On anything but ok `out` is as it was.
  Decoded encode(const KafkaRecord& record, OutBuffer& out);

  /// Which part of the last one was bad, and why.
  std::string_view bad_part() const noexcept { return bad_ == key_.get() ? "key" : "value"; }
  const std::string& reason() const noexcept { return bad_->reason(); }
  const std::string& remedy() const noexcept { return bad_->remedy(); }

 private:
  Decoded append_line(const KafkaRecord& record, OutBuffer& out);
  Decoded append_key(const KafkaRecord& record, OutBuffer& out);
  Decoded append_value(const KafkaRecord& record, OutBuffer& out);
  Decoded append_record(const KafkaRecord& record, OutBuffer& out);
  Decoded append_nested(const KafkaRecord& record, OutBuffer& out);
  Decoded append_prefixed(const KafkaRecord& record, OutBuffer& out);
  Decoded append_kcat(const KafkaRecord& record, OutBuffer& out);
  void append_timestamp(const KafkaRecord& record, OutBuffer& out) const;

  LineShape shape_;
  std::unique_ptr<PayloadDecoder> key_;
  std::unique_ptr<PayloadDecoder> value_;
  const PayloadDecoder* bad_ = nullptr;
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

/// Line -> Record. Reads all of Envelope but the bare value, and the neighbours' shapes (`payload`
/// for `value`, `ts` for `timestamp`; kcat -J, rpk, kaf). Of a prefixed line the whole line is the
/// value.
class RecordDecoder {
 public:
  /// Empty on success; otherwise the reason, for people ("no \"offset\"", "not a JSON object").
  /// `line` must have OutBuffer::kPadding readable bytes behind it.
  std::string_view decode(std::string_view line, Record& record);

 private:
  std::string_view take(std::string_view name, const JsonText& text, Record& record);
  std::string_view take_prefixed(std::string_view line, Record& record);
  std::string_view take_nested(const JsonText& metadata, Record& record);

  /// What a line must have and has.
  struct Seen {
    bool partition = false;
    bool offset = false;
    bool value = false;
  };
  JsonReader reader_;
  std::vector<JsonField> fields_;
  std::vector<JsonField> inner_;  ///< of "metadata"
  Seen seen_;
};

}  // namespace kpipe
