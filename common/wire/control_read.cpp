// SPDX-License-Identifier: Apache-2.0
// parse_control_line() of control.hpp.
#include <limits>

#include "common/wire/control.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {
namespace {

/// Reads nested values out of one padded copy of the line.
class Scan {
 public:
  explicit Scan(std::string_view text) { text_.append(text); }

  std::string_view text() const { return text_.view(); }

  bool fields(std::string_view object, std::vector<JsonField>& out) {
    return reader_.object(object, out);
  }

  /// Gives the fields of each object to `take`, one after the other: names with escapes live only
  /// until the next is read.
  template <typename Take>
  bool objects(const JsonText& array, Take take) {
    std::vector<JsonText> elements;
    std::vector<JsonField> members;
    if (!reader_.array(array.raw, elements)) return false;
    for (const JsonText& element : elements) {
      if (!reader_.object(element.raw, members) || !take(members)) return false;
    }
    return true;
  }

  bool checkpoints(const JsonText& array, std::vector<Checkpoint>& out) {
    return objects(array, [&](const std::vector<JsonField>& members) {
      return CheckpointReader::from_fields(members, out.emplace_back()).empty();
    });
  }

 private:
  OutBuffer text_;
  JsonReader reader_;
};

std::string text_of(const JsonText& value) {
  std::string text;
  if (value.kind == JsonKind::string && !append_unescaped(text, value.raw)) text.clear();
  return text;
}

bool is_true(const JsonText& value) {
  return value.kind == JsonKind::boolean && value.raw == "true";
}

/// The two hellos share a name; a sink's has "sink" in it.
bool read_hello(Scan& scan, const JsonText& body, ControlLine& line) {
  std::vector<JsonField> fields;
  if (!scan.fields(body.raw, fields)) return false;
  SinkHello sink;
  SourceHello source;
  bool from_sink = false;
  for (const JsonField& field : fields) {
    if (field.name == "sink") {
      sink.sink = text_of(field.value);
      from_sink = true;
    } else if (field.name == "pending") {
      sink.pending = is_true(field.value);
    } else if (field.name == "request") {
      sink.request = json_int(field.value);
    } else if (field.name == "offsets") {
      if (!scan.checkpoints(field.value, sink.offsets)) return false;
    } else if (field.name == "group") {
      source.group = text_of(field.value);
    } else if (field.name == "cluster") {
      source.cluster = text_of(field.value);
    } else if (field.name == "direct") {
      source.direct = is_true(field.value);
    } else if (field.name == "marks") {
      source.marks = is_true(field.value);
    } else if (field.name == "unbounded") {
      source.unbounded = is_true(field.value);
    }
  }
  if (from_sink) {
    line.sink_hello = std::move(sink);
  } else {
    line.source_hello = std::move(source);
  }
  return true;
}

bool read_partition(const std::vector<JsonField>& members, TopicPartition& tp) {
  std::int64_t partition = -1;
  for (const JsonField& field : members) {
    if (field.name == "topic") tp.topic = text_of(field.value);
    if (field.name == "partition") partition = json_int(field.value).value_or(-1);
  }
  tp.partition = static_cast<std::int32_t>(partition);
  return !tp.topic.empty() && partition >= 0 &&
         partition <= std::numeric_limits<std::int32_t>::max();
}

bool read_assign(Scan& scan, const JsonText& body, Assign& assign) {
  return scan.objects(body, [&](const std::vector<JsonField>& members) {
    TopicPartition& tp = assign.partitions.emplace_back();
    if (!read_partition(members, tp)) return false;
    std::string topic_id;
    for (const JsonField& field : members) {
      if (field.name == "topic_id") topic_id = text_of(field.value);
    }
    if (!topic_id.empty()) assign.topic_ids[tp.topic] = topic_id;
    return true;
  });
}

bool read_revoke(Scan& scan, const JsonText& body, Revoke& revoke) {
  return scan.objects(body, [&](const std::vector<JsonField>& members) {
    return read_partition(members, revoke.partitions.emplace_back());
  });
}

bool read_bye(Scan& scan, const std::vector<JsonField>& fields, Bye& bye) {
  for (const JsonField& field : fields) {
    // Names with escapes are gone once the array is read: no other field is looked at then.
    if (field.name == "end") return scan.checkpoints(field.value, bye.end.emplace());
  }
  return true;
}

}  // namespace

std::string_view parse_control_line(std::string_view text, ControlLine& line) {
  line = ControlLine{};
  Scan scan(text);
  std::vector<JsonField> fields;
  if (!scan.fields(scan.text(), fields)) return "not a JSON object";
  std::int64_t at_byte = 0;
  std::int64_t request = 0;
  bool settled = false;
  for (const JsonField& field : fields) {
    if (field.name == "settled") settled = field.value.raw == "true";
    if (field.name == "at_byte") at_byte = json_int(field.value).value_or(-1);
    if (field.name == "request") request = json_int(field.value).value_or(-1);
  }
  if (at_byte < 0 || request < 0) return "a number is malformed";
  // The views in `fields` outlive the reads below: they point into the scan's copy of the line.
  for (const JsonField& field : fields) {
    if (field.name == "hello") {
      return read_hello(scan, field.value, line) ? "" : "malformed hello";
    }
    if (field.name == "assign") {
      return read_assign(scan, field.value, line.assign.emplace(Assign{request, {}, {}}))
                 ? ""
                 : "malformed assign";
    }
    if (field.name == "flush") {
      Flush& flush = line.flush.emplace();
      flush.at_byte = static_cast<std::uint64_t>(at_byte);
      flush.settled = settled;
      return scan.checkpoints(field.value, flush.upto) ? "" : "malformed flush";
    }
    if (field.name == "revoke") {
      Revoke& revoke = line.revoke.emplace();
      revoke.at_byte = static_cast<std::uint64_t>(at_byte);
      return read_revoke(scan, field.value, revoke) ? "" : "malformed revoke";
    }
    if (field.name == "eof") {
      line.input_ended.emplace();
      return {};
    }
    if (field.name == "bye") {
      return read_bye(scan, fields, line.bye.emplace(Bye{static_cast<std::uint64_t>(at_byte)}))
                 ? ""
                 : "malformed bye";
    }
  }
  for (const JsonField& field : fields) {
    if (field.name == "sink") line.ack_sink = text_of(field.value);
  }
  return CheckpointReader::from_fields(fields, line.ack.emplace());
}

}  // namespace kpipe
