// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/offset_lines.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/base/line_reader.hpp"

namespace kpipe {
namespace {

[[noreturn]] void refuse(std::uint64_t number, const std::string& reason) {
  throw Error(Exit::data, "stdin: line " + std::to_string(number) + ": " + reason);
}

/// A member that may be null, which says as much as none.
void read_text(const JsonField& field, std::uint64_t number, std::string& text) {
  text.clear();
  if (field.value.is_null()) return;
  if (field.value.kind != JsonKind::string || !append_unescaped(text, field.value.raw))
    refuse(number, "\"" + std::string(field.name) + "\" is not a string");
}

void read_rows(const JsonField& field, std::uint64_t number, std::optional<std::int64_t>& rows) {
  rows = json_int(field.value);
  if (!field.value.is_null() && rows.value_or(-1) < 0)
    refuse(number, "\"rows\" is not a number of rows");
}

/// Several sinks of one group are joined by '+' in the metadata of its commits.
bool names_sink(const std::string& joined, const std::string& sink) {
  return ("+" + joined + "+").find("+" + sink + "+") != std::string::npos;
}

/// ", group etl -> etl2"; nothing where it stays, or is only now known.
std::string renamed(const char* what, const std::string& before, const std::string& after) {
  if (before.empty() || before == after) return {};
  return std::string(", ") + what + " " + before + " -> " + after;
}

}  // namespace

void OffsetLines::add(std::string_view text, std::uint64_t number) {
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
  text_.clear();
  text_.append(text);
  if (!reader_.object(text_.view(), fields_)) refuse(number, "not a JSON object");
  OffsetLine line;
  line.number = number;
  const std::string_view reason = CheckpointReader::from_fields(fields_, line.checkpoint);
  if (!reason.empty()) refuse(number, std::string(reason) + " in it");
  for (const JsonField& field : fields_) {
    if (field.name == "sink") read_text(field, number, line.sink);
    if (field.name == "group") read_text(field, number, line.source.group);
    if (field.name == "cluster") read_text(field, number, line.source.cluster);
    if (field.name == "rows") read_rows(field, number, line.rows);
  }
  const auto [named, is_new] = numbers_.try_emplace(line.checkpoint.tp, number);
  if (!is_new) {
    refuse(number, to_string(line.checkpoint.tp) + " was named in line " +
                       std::to_string(named->second) + " already. Give each partition once");
  }
  lines_.push_back(std::move(line));
}

std::vector<OffsetLine> read_offset_lines(int fd) {
  constexpr std::size_t max_line = std::size_t{1} << 20;
  LineReader input(fd, max_line);
  OffsetLines lines;
  for (std::string_view line;;) {
    while (input.next(line)) lines.add(line, input.lines());
    if (input.at_eof()) break;
    input.fill();
  }
  // Without its '\n' a line may be torn, but then it is no object any more.
  if (!input.remainder().empty()) lines.add(input.remainder(), input.lines() + 1);
  if (lines.lines().empty()) {
    throw Error(Exit::data,
                "stdin: no checkpoint line in it: nothing was changed. Did the command before the "
                "pipe fail?");
  }
  return lines.lines();
}

void refuse_other_sink(const std::vector<OffsetLine>& lines, const std::string& name) {
  for (const OffsetLine& line : lines) {
    if (line.sink.empty() || names_sink(line.sink, name)) continue;
    refuse(line.number, "is of sink " + line.sink + ", and this is " + name +
                            ". Name the other one by --table and --sink-id; or, if its offsets "
                            "are to be this one's: jq -c 'del(.sink)'");
  }
}

std::vector<OffsetChange> plan_changes(const std::vector<OffsetLine>& lines,
                                       const std::vector<StoredPartition>& stored,
                                       std::int64_t target_oid) {
  std::vector<OffsetChange> changes;
  for (const OffsetLine& line : lines) {
    const Checkpoint& said = line.checkpoint;
    OffsetChange& change = changes.emplace_back();
    change.said_generation = said.generation;
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredPartition& row) {
      return row.checkpoint.tp == said.tp;
    });
    StoredPartition& after = change.after;
    after.checkpoint.tp = said.tp;
    after.target_oid = target_oid;
    if (found != stored.end()) change.before = after = *found;
    after.checkpoint.offset = said.offset;
    after.checkpoint.generation = std::max(after.checkpoint.generation, said.generation);
    if (!said.topic_id.empty()) after.checkpoint.topic_id = said.topic_id;
    if (!line.source.group.empty()) after.source.group = line.source.group;
    if (!line.source.cluster.empty()) after.source.cluster = line.source.cluster;
    after.rows = line.rows.value_or(after.rows);
  }
  return changes;
}

std::string change_text(const OffsetChange& change) {
  const Checkpoint& after = change.after.checkpoint;
  std::string text =
      to_string(after.tp) + ": " +
      (change.before ? std::to_string(change.before->checkpoint.offset) : std::string("none")) +
      " -> " + std::to_string(after.offset) + " (generation " + std::to_string(after.generation);
  if (change.said_generation > 0 && change.said_generation < after.generation)
    text += "; the line's " + std::to_string(change.said_generation) + " is older";
  if (change.before) {
    text += renamed("group", change.before->source.group, change.after.source.group) +
            renamed("cluster", change.before->source.cluster, change.after.source.cluster);
  }
  return text + ")";
}

}  // namespace kpipe
