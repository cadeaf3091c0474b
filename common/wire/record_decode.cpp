// SPDX-License-Identifier: Apache-2.0
// RecordDecoder of record.hpp.
#include <limits>

#include "common/wire/record.hpp"

namespace kpipe {

std::string_view RecordDecoder::decode(std::string_view line, Record& record) {
  if (!reader_.object(line, fields_)) return "not a JSON object";
  record = Record{};
  bool has_partition = false;
  bool has_offset = false;
  bool has_value = false;
  for (const JsonField& field : fields_) {
    const std::string_view name = field.name;
    if (name == "topic") {
      const auto topic = plain_string(field.value);
      if (!topic || topic->empty()) return "\"topic\" is not a topic name";
      record.topic = *topic;
    } else if (name == "partition") {
      const auto partition = json_int(field.value);
      if (!partition || *partition < 0 || *partition > std::numeric_limits<std::int32_t>::max()) {
        return "\"partition\" is not a partition number";
      }
      record.partition = static_cast<std::int32_t>(*partition);
      has_partition = true;
    } else if (name == "offset") {
      const auto offset = json_int(field.value);
      if (!offset || *offset < 0 || *offset == std::numeric_limits<std::int64_t>::max()) {
        return "\"offset\" is not an offset";
      }
      record.offset = *offset;
      has_offset = true;
    } else if (name == "gen") {
      const auto generation = json_int(field.value);
      if (!generation || *generation < 0) return "\"gen\" is not a generation";
      record.generation = *generation;
    } else if (name == "timestamp" || name == "ts") {
      record.timestamp_ms = json_int(field.value);
    } else if (name == "key") {
      record.key = field.value;
    } else if (name == "headers") {
      record.headers = field.value;
    } else if (name == "value" || name == "payload") {
      record.value = field.value;
      has_value = true;
    }
  }
  if (record.topic.empty()) return "no \"topic\"";
  if (!has_partition) return "no \"partition\"";
  if (!has_offset) return "no \"offset\"";
  if (!has_value) return "no \"value\"";
  return {};
}

}  // namespace kpipe
