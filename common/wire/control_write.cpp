// SPDX-License-Identifier: Apache-2.0
// append_line() of control.hpp.
#include "common/wire/control.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

template <typename Range, typename Append>
void append_array(OutBuffer& out, const Range& items, Append append_item) {
  char separator = '[';
  for (const auto& item : items) {
    out.append(separator);
    separator = ',';
    append_item(item);
  }
  if (separator == '[') out.append('[');
  out.append(']');
}

void append_checkpoints(OutBuffer& out, const std::vector<Checkpoint>& checkpoints) {
  append_array(out, checkpoints, [&](const Checkpoint& c) { append_checkpoint(out, c); });
}

/// Without its closing brace: members may follow.
void begin_partition(OutBuffer& out, const TopicPartition& tp) {
  out.append("{\"topic\":");
  append_json_string(out, tp.topic);
  out.append(",\"partition\":");
  out.append_int(tp.partition);
}

}  // namespace

void append_line(OutBuffer& out, const SinkHello& message) {
  out.append("{\"hello\":{\"sink\":");
  append_json_string(out, message.sink);
  if (message.pending) {
    out.append(",\"pending\":true");
  } else {
    if (message.request) {
      out.append(",\"request\":");
      out.append_int(*message.request);
    }
    out.append(",\"offsets\":");
    append_checkpoints(out, message.offsets);
  }
  out.append("}}\n");
}

void append_line(OutBuffer& out, const InputEnded& /*message*/) {
  out.append("{\"eof\":true}\n");
}

void append_line(OutBuffer& out, const SourceHello& message) {
  out.append("{\"hello\":{\"group\":");
  append_json_string(out, message.group);
  out.append(",\"cluster\":");
  append_json_string(out, message.cluster);
  out.append(message.direct ? ",\"direct\":true" : ",\"direct\":false");
  if (message.marks) out.append(",\"marks\":true");
  if (message.unbounded) out.append(",\"unbounded\":true");
  out.append("}}\n");
}

void append_line(OutBuffer& out, const Assign& message) {
  out.append("{\"assign\":");
  append_array(out, message.partitions, [&](const TopicPartition& tp) {
    begin_partition(out, tp);
    const auto id = message.topic_ids.find(tp.topic);
    if (id != message.topic_ids.end()) {
      out.append(",\"topic_id\":");
      append_json_string(out, id->second);
    }
    out.append('}');
  });
  out.append(",\"request\":");
  out.append_int(message.request);
  out.append("}\n");
}

void append_line(OutBuffer& out, const Flush& message) {
  out.append("{\"flush\":");
  append_checkpoints(out, message.upto);
  out.append(",\"at_byte\":");
  out.append_int(static_cast<std::int64_t>(message.at_byte));
  if (message.settled) out.append(",\"settled\":true");
  out.append("}\n");
}

void append_line(OutBuffer& out, const Revoke& message) {
  out.append("{\"revoke\":");
  append_array(out, message.partitions, [&](const TopicPartition& tp) {
    begin_partition(out, tp);
    out.append('}');
  });
  out.append(",\"at_byte\":");
  out.append_int(static_cast<std::int64_t>(message.at_byte));
  out.append("}\n");
}

void append_line(OutBuffer& out, const Bye& message) {
  out.append("{\"bye\":true,\"at_byte\":");
  out.append_int(static_cast<std::int64_t>(message.at_byte));
  if (message.end) {
    out.append(",\"end\":");
    append_checkpoints(out, *message.end);
  }
  out.append("}\n");
}

void append_line(OutBuffer& out, const Checkpoint& message) {
  append_checkpoint(out, message);
  out.append('\n');
}

}  // namespace kpipe
