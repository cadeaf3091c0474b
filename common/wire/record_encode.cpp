// SPDX-License-Identifier: Apache-2.0
// RecordEncoder of record.hpp.
#include <cstring>

#include "common/wire/json_text.hpp"
#include "common/wire/record.hpp"

namespace kpipe {
namespace {

void append_headers(const std::vector<RecordHeader>& headers, OutBuffer& out) {
  char separator = '[';
  for (const RecordHeader& header : headers) {
    out.append(separator);
    separator = ',';
    out.append("{\"key\":");
    append_json_bytes(out, header.key);
    out.append(",\"value\":");
    if (header.value) {
      append_json_bytes(out, *header.value);
    } else {
      out.append("null");
    }
    out.append('}');
  }
  out.append(']');
}

}  // namespace

bool RecordEncoder::append_value(std::string_view value, OutBuffer& out) {
  switch (format_) {
    case ValueFormat::string:
      append_json_bytes(out, value);
      return true;
    case ValueFormat::raw:
      append_json_base64(out, value);
      return true;
    case ValueFormat::json:
      break;
  }
  // Copied first and checked in place: the buffer has the padding that the check needs, and a
  // payload that fails is cut off again by the caller.
  char* const text = out.reserve(value.size());
  if (value.empty()) return false;
  std::memcpy(text, value.data(), value.size());
  out.advance(value.size());
  return checker_.check_line(text, value.size());
}

bool RecordEncoder::encode(const KafkaRecord& record, OutBuffer& out) {
  const std::size_t mark = out.size();
  out.append("{\"topic\":\"");
  out.append(record.topic);  // Kafka allows [a-zA-Z0-9._-] only: nothing to escape
  out.append("\",\"partition\":");
  out.append_int(record.partition);
  out.append(",\"offset\":");
  out.append_int(record.offset);
  if (record.generation > 0) {
    out.append(",\"gen\":");
    out.append_int(record.generation);
  }
  out.append(",\"timestamp\":");
  if (record.timestamp_ms) {
    out.append_int(*record.timestamp_ms);
  } else {
    out.append("null");
  }
  out.append(",\"key\":");
  if (record.key) {
    append_json_bytes(out, *record.key);
  } else {
    out.append("null");
  }
  out.append(",\"headers\":");
  if (record.headers != nullptr && !record.headers->empty()) {
    append_headers(*record.headers, out);
  } else {
    out.append("[]");
  }
  out.append(",\"value\":");
  if (!record.value) {
    out.append("null");
  } else if (!append_value(*record.value, out)) {
    out.truncate(mark);
    return false;
  }
  out.append("}\n");
  return true;
}

}  // namespace kpipe
