// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/file_state.hpp"

#include "tools/ksink-file/sealed_line.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kVersion = 1;

SealedReader reader_for(const std::string& where) {
  return SealedReader(
      "checkpoint", where,
      std::string("Restore it from a backup together with its data file, or ") + kStartAnew);
}

void take(const SealedReader& reader, const JsonField& field, FileState& state) {
  const std::string_view name = field.name;
  if (name == "sink") {
    state.sink = reader.text(field);
  } else if (name == "group") {
    state.group = reader.text(field);
  } else if (name == "cluster") {
    state.cluster = reader.text(field);
  } else if (name == "content") {
    state.content = reader.text(field);
  } else if (name == "compress") {
    state.compress = reader.text(field);
  } else if (name == "tail") {
    state.tail = reader.text(field);
  } else if (name == "device") {
    state.file.device = reader.count(field);
  } else if (name == "inode") {
    state.file.inode = reader.count(field);
  } else if (name == "length") {
    state.length = reader.count(field);
  } else if (name == "closed") {
    state.closed = field.value.raw == "true";
  } else if (name == "offsets") {
    for (const JsonText& element : reader.array(field)) {
      const Checkpoint stored = reader.checkpoint(element);
      state.offsets[stored.tp] = StoredOffset{stored.offset, stored.generation, stored.topic_id};
    }
  }
}

}  // namespace

void append_state_line(OutBuffer& out, const FileState& state) {
  const std::size_t begin = out.size();
  out.append("{\"version\":");
  out.append_int(kVersion);
  append_member(out, "sink", state.sink);
  append_member(out, "group", state.group);
  append_member(out, "cluster", state.cluster);
  append_member(out, "content", state.content);
  append_member(out, "compress", state.compress);
  append_member(out, "device", state.file.device);
  append_member(out, "inode", state.file.inode);
  append_member(out, "length", state.length);
  append_member(out, "tail", state.tail);
  if (state.closed) out.append(",\"closed\":true");
  out.append(",\"offsets\":[");
  bool first = true;
  for (const auto& [tp, stored] : state.offsets) {
    if (!first) out.append(',');
    first = false;
    append_checkpoint(out, Checkpoint{tp, stored.next, stored.generation, stored.topic_id});
  }
  out.append(']');
  seal_line(out, begin);
}

FileState read_state(std::string_view text, const std::string& where) {
  SealedReader reader = reader_for(where);
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) reader.damaged("no whole line");
  const std::string_view lines = text.substr(0, end);
  const std::size_t before = lines.rfind('\n');
  const std::string_view line = before == std::string_view::npos ? lines : lines.substr(before + 1);
  if (!is_sealed(line)) reader.damaged("its checksum does not match");
  FileState state;
  for (const JsonField& field : reader.members(line, kVersion)) take(reader, field, state);
  return state;
}

}  // namespace kpipe
