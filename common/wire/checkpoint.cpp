// SPDX-License-Identifier: Apache-2.0
#include "common/wire/checkpoint.hpp"

#include <limits>

#include "common/wire/json_text.hpp"

namespace kpipe {

std::string to_string(const TopicPartition& tp) {
  return tp.topic + "[" + std::to_string(tp.partition) + "]";
}

void append_checkpoint(OutBuffer& out, const Checkpoint& checkpoint, std::string_view extra) {
  out.append("{\"topic\":");
  append_json_string(out, checkpoint.tp.topic);
  out.append(",\"partition\":");
  out.append_int(checkpoint.tp.partition);
  out.append(",\"offset\":");
  out.append_int(checkpoint.offset);
  if (checkpoint.generation > 0) {
    out.append(",\"gen\":");
    out.append_int(checkpoint.generation);
  }
  if (!checkpoint.topic_id.empty()) {
    out.append(",\"topic_id\":");
    append_json_string(out, checkpoint.topic_id);
  }
  out.append(extra);
  out.append('}');
}

std::string_view CheckpointReader::from_fields(const std::vector<JsonField>& fields,
                                               Checkpoint& checkpoint) {
  checkpoint = Checkpoint{};
  checkpoint.tp.partition = -1;
  checkpoint.offset = -1;
  for (const JsonField& field : fields) {
    if (field.name == "topic") {
      if (const auto topic = plain_string(field.value)) checkpoint.tp.topic = *topic;
    } else if (field.name == "partition") {
      const auto partition = json_int(field.value);
      if (partition && *partition >= 0 && *partition <= std::numeric_limits<std::int32_t>::max()) {
        checkpoint.tp.partition = static_cast<std::int32_t>(*partition);
      }
    } else if (field.name == "offset") {
      checkpoint.offset = json_int(field.value).value_or(-1);
    } else if (field.name == "gen") {
      checkpoint.generation = json_int(field.value).value_or(-1);
    } else if (field.name == "topic_id") {
      if (const auto id = plain_string(field.value)) checkpoint.topic_id = *id;
    }
  }
  if (checkpoint.tp.topic.empty()) return "no \"topic\"";
  if (checkpoint.tp.partition < 0) return "no \"partition\"";
  if (checkpoint.offset < 0) return "no \"offset\"";
  if (checkpoint.generation < 0) return "\"gen\" is not a generation";
  return {};
}

std::string_view CheckpointReader::read(std::string_view text, Checkpoint& checkpoint) {
  text_.clear();
  text_.append(text);
  if (!reader_.object(text_.view(), fields_)) return "not a JSON object";
  return from_fields(fields_, checkpoint);
}

}  // namespace kpipe
