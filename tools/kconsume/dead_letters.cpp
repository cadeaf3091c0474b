// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/dead_letters.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe::kconsume {
namespace {

/// Not yet written to the file: more than this need not wait for the end of a batch.
constexpr std::size_t kEnough = std::size_t{1} << 20;

std::string tool_name() {
  return "kconsume " KPIPE_VERSION;
}

}  // namespace

bool DeadLetterTopic::put(const DeadLetter& letter) {
  const KafkaRecord& record = letter.record;
  OutgoingRecord copy;
  copy.key = record.key;
  copy.value = record.value;
  if (record.headers != nullptr) {
    for (const RecordHeader& header : *record.headers)
      copy.headers.push_back({header.key, header.value});
  }
  const std::string partition = std::to_string(record.partition);
  const std::string offset = std::to_string(record.offset);
  const std::string timestamp = std::to_string(record.timestamp_ms.value_or(-1));
  const std::string tool = tool_name();
  copy.headers.push_back({"kpipe.error.reason", letter.reason});
  copy.headers.push_back({"kpipe.error.part", letter.part});
  copy.headers.push_back({"kpipe.error.format", letter.format});
  copy.headers.push_back({"kpipe.error.tool", tool});
  copy.headers.push_back({"kpipe.source.topic", record.topic});
  copy.headers.push_back({"kpipe.source.partition", partition});
  copy.headers.push_back({"kpipe.source.offset", offset});
  copy.headers.push_back({"kpipe.source.timestamp", timestamp});
  if (!letter.group.empty()) copy.headers.push_back({"kpipe.source.group", letter.group});
  return producer_.send(copy);
}

DeadLetterFile::DeadLetterFile(const std::string& path)
    : file_("--dlq-file", path),
      encoder_({}, make_payload(ValueFormat::raw), make_payload(ValueFormat::raw)) {}

bool DeadLetterFile::put(const DeadLetter& letter) {
  if (lines_.size() >= kEnough) return false;
  encoder_.encode(letter.record, lines_);  // bytes are never bad
  lines_.truncate(lines_.size() - 2);      // "}\n"
  lines_.append(",\"error\":{\"reason\":");
  append_json_bytes(lines_, letter.reason);
  lines_.append(",\"part\":");
  append_json_string(lines_, letter.part);
  lines_.append(",\"format\":");
  append_json_string(lines_, letter.format);
  lines_.append("}}\n");
  return true;
}

void DeadLetterFile::serve() {
  if (lines_.empty()) return;
  file_.append(lines_.view());
  lines_.clear();
}

}  // namespace kpipe::kconsume
