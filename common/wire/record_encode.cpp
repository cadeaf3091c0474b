// SPDX-License-Identifier: Apache-2.0
// RecordEncoder of record.hpp.
#include <cstring>

#include "common/wire/instant.hpp"
#include "common/wire/json_text.hpp"
#include "common/wire/record.hpp"

namespace kpipe {
namespace {

void append_header_value(const RecordHeader& header, OutBuffer& out) {
  if (header.value) {
    append_json_bytes(out, *header.value);
  } else {
    out.append("null");
  }
}

void append_headers(const KafkaRecord& record, OutBuffer& out) {
  if (record.headers == nullptr || record.headers->empty()) {
    out.append("[]");
    return;
  }
  char separator = '[';
  for (const RecordHeader& header : *record.headers) {
    out.append(separator);
    separator = ',';
    out.append("{\"key\":");
    append_json_bytes(out, header.key);
    out.append(",\"value\":");
    append_header_value(header, out);
    out.append('}');
  }
  out.append(']');
}

/// Kafka allows [a-zA-Z0-9._-] only; a prefix is checked where it is given: nothing to escape.
void append_topic(const LineShape& shape, const KafkaRecord& record, OutBuffer& out) {
  out.append(shape.topic_prefix);
  out.append(record.topic);
}

void append_generation(const KafkaRecord& record, std::string_view name, OutBuffer& out) {
  if (record.generation <= 0) return;
  out.append(name);
  out.append_int(record.generation);
}

/// How a record line and kcat's begin.
void append_place(const LineShape& shape, const KafkaRecord& record, OutBuffer& out) {
  out.append("{\"topic\":\"");
  append_topic(shape, record, out);
  out.append("\",\"partition\":");
  out.append_int(record.partition);
  out.append(",\"offset\":");
  out.append_int(record.offset);
  append_generation(record, ",\"gen\":", out);
}

std::string_view name_of(TimestampType type) {
  switch (type) {
    case TimestampType::create:
      return "create";
    case TimestampType::log_append:
      return "logappend";
    case TimestampType::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

RecordEncoder::RecordEncoder(ValueFormat format)
    : RecordEncoder({}, make_payload(ValueFormat::string), make_payload(format)) {}

RecordEncoder::RecordEncoder(LineShape shape, std::unique_ptr<PayloadDecoder> key,
                             std::unique_ptr<PayloadDecoder> value)
    : shape_(std::move(shape)), key_(std::move(key)), value_(std::move(value)) {}

Decoded RecordEncoder::encode(const KafkaRecord& record, OutBuffer& out) {
  const std::size_t mark = out.size();
  const Decoded result = append_line(record, out);
  if (result == Decoded::ok) {
    out.append('\n');
  } else {
    out.truncate(mark);
  }
  return result;
}

Decoded RecordEncoder::append_line(const KafkaRecord& record, OutBuffer& out) {
  switch (shape_.envelope) {
    case Envelope::record:
      return append_record(record, out);
    case Envelope::value:
      return append_value(record, out);
    case Envelope::nested:
      return append_nested(record, out);
    case Envelope::prefixed:
      return append_prefixed(record, out);
    case Envelope::kcat:
      break;
  }
  return append_kcat(record, out);
}

Decoded RecordEncoder::append_key(const KafkaRecord& record, OutBuffer& out) {
  if (!record.key) {
    out.append("null");
    return Decoded::ok;
  }
  const Decoded result = key_->decode(record.topic, *record.key, out);
  if (result == Decoded::bad) bad_ = key_.get();
  return result;
}

Decoded RecordEncoder::append_value(const KafkaRecord& record, OutBuffer& out) {
  if (!record.value) {
    out.append("null");
    return Decoded::ok;
  }
  const Decoded result = value_->decode(record.topic, *record.value, out);
  if (result == Decoded::bad) bad_ = value_.get();
  return result;
}

void RecordEncoder::append_timestamp(const KafkaRecord& record, OutBuffer& out) const {
  if (!record.timestamp_ms) {
    out.append("null");
    return;
  }
  if (shape_.rfc3339) {
    const std::size_t mark = out.size();
    out.append('"');
    if (append_rfc3339(out, *record.timestamp_ms)) {
      out.append('"');
      return;
    }
    out.truncate(mark);  // no such year: the number says it
  }
  out.append_int(*record.timestamp_ms);
}

Decoded RecordEncoder::append_record(const KafkaRecord& record, OutBuffer& out) {
  append_place(shape_, record, out);
  out.append(",\"timestamp\":");
  append_timestamp(record, out);
  out.append(",\"key\":");
  if (const Decoded result = append_key(record, out); result != Decoded::ok) return result;
  out.append(",\"headers\":");
  append_headers(record, out);
  out.append(",\"value\":");
  if (const Decoded result = append_value(record, out); result != Decoded::ok) return result;
  out.append('}');
  return Decoded::ok;
}

Decoded RecordEncoder::append_nested(const KafkaRecord& record, OutBuffer& out) {
  out.append("{\"data\":");
  if (const Decoded result = append_value(record, out); result != Decoded::ok) return result;
  out.append(",\"metadata\":{\"key\":");
  if (const Decoded result = append_key(record, out); result != Decoded::ok) return result;
  out.append(",\"partition\":");
  out.append_int(record.partition);
  out.append(",\"offset\":");
  out.append_int(record.offset);
  append_generation(record, ",\"gen\":", out);
  out.append(",\"time\":");
  append_timestamp(record, out);
  out.append(",\"topic\":\"");
  append_topic(shape_, record, out);
  out.append("\",\"headers\":");
  append_headers(record, out);
  out.append("}}");
  return Decoded::ok;
}

Decoded RecordEncoder::append_prefixed(const KafkaRecord& record, OutBuffer& out) {
  const std::size_t start = out.size();
  if (const Decoded result = append_value(record, out); result != Decoded::ok) return result;
  const std::string_view value = out.view().substr(start);
  const std::size_t first = value.find_first_not_of(" \t");
  if (record.value && value_->has_fields() && first != std::string_view::npos &&
      value[first] == '{') {
    // The metadata takes the place of the closing brace.
    const std::size_t end = value.find_last_not_of(" \t");
    const bool empty = value.find_first_not_of(" \t", first + 1) == end;
    out.truncate(start + end);
    if (!empty) out.append(',');
  } else {
    const std::string_view open = "{\"value\":";
    const std::size_t size = value.size();
    out.reserve(open.size());
    std::memmove(out.data() + start + open.size(), out.data() + start, size);
    std::memcpy(out.data() + start, open.data(), open.size());
    out.advance(open.size());
    out.append(',');
  }
  out.append("\"_kafka_topic\":\"");
  append_topic(shape_, record, out);
  out.append("\",\"_kafka_partition\":");
  out.append_int(record.partition);
  out.append(",\"_kafka_offset\":");
  out.append_int(record.offset);
  append_generation(record, ",\"_kafka_gen\":", out);
  out.append(",\"_kafka_timestamp\":");
  append_timestamp(record, out);
  out.append(",\"_kafka_key\":");
  if (const Decoded result = append_key(record, out); result != Decoded::ok) return result;
  out.append(",\"_kafka_headers\":");
  append_headers(record, out);
  out.append('}');
  return Decoded::ok;
}

Decoded RecordEncoder::append_kcat(const KafkaRecord& record, OutBuffer& out) {
  append_place(shape_, record, out);
  out.append(",\"tstype\":\"");
  out.append(name_of(record.timestamp_type));
  out.append("\",\"ts\":");
  append_timestamp(record, out);
  if (record.broker >= 0) {
    out.append(",\"broker\":");
    out.append_int(record.broker);
  }
  if (record.headers != nullptr && !record.headers->empty()) {
    char separator = '[';
    out.append(",\"headers\":");
    for (const RecordHeader& header : *record.headers) {
      out.append(separator);
      separator = ',';
      append_json_bytes(out, header.key);
      out.append(',');
      append_header_value(header, out);
    }
    out.append(']');
  }
  out.append(",\"key\":");
  if (const Decoded result = append_key(record, out); result != Decoded::ok) return result;
  out.append(",\"payload\":");
  if (const Decoded result = append_value(record, out); result != Decoded::ok) return result;
  out.append('}');
  return Decoded::ok;
}

}  // namespace kpipe
