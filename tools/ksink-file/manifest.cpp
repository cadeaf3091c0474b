// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/manifest.hpp"

#include <utility>

#include "tools/ksink-file/sealed_line.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr const char* kRemedy =
    "Restore the folder from a backup, or begin a new one under a new --sink-id";

class List {
 public:
  List(OutBuffer& out, std::string_view name) : out_(out) {
    out_.append(",\"");
    out_.append(name);
    out_.append("\":[");
  }
  ~List() { out_.append(']'); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  void next() {
    if (!first_) out_.append(',');
    first_ = false;
  }

 private:
  OutBuffer& out_;
  bool first_ = true;
};

void append_id(OutBuffer& out, std::uint64_t id) {
  out.append("{\"id\":");
  out.append_int(static_cast<std::int64_t>(id));
}

void append_part(OutBuffer& out, const PartState& part) {
  append_id(out, part.id);
  append_member(out, "form", part.form);
  append_member(out, "group", part.group);
  append_member(out, "name", part.name);
  append_member(out, "start", part.start);
  append_member(out, "end", part.end);
  if (part.first_ts) append_member(out, "first_ts", *part.first_ts);
  append_member(out, "records", part.records);
  append_member(out, "bytes", part.bytes);
  append_member(out, "opened", part.opened);
  append_member(out, "length", part.length);
  append_member(out, "inode", part.inode);
  append_member(out, "tail", part.tail);
  out.append('}');
}

void append_closed(OutBuffer& out, const ClosedFile& file) {
  append_id(out, file.id);
  append_member(out, "path", file.path);
  append_member(out, "records", file.records);
  append_member(out, "length", file.length);
  append_member(out, "inode", file.inode);
  if (file.has_hook) out.append(",\"hook\":true");
  out.append('}');
}

PartState read_part(SealedReader& reader, const JsonText& text) {
  PartState part;
  for (const JsonField& field : reader.object(text)) {
    const std::string_view name = field.name;
    if (name == "id") part.id = reader.count(field);
    if (name == "form") part.form = reader.text(field);
    if (name == "group") part.group = reader.text(field);
    if (name == "name") part.name = reader.text(field);
    if (name == "start") part.start = reader.number(field);
    if (name == "end") part.end = reader.number(field);
    if (name == "first_ts") part.first_ts = reader.number(field);
    if (name == "records") part.records = reader.count(field);
    if (name == "bytes") part.bytes = reader.count(field);
    if (name == "opened") part.opened = reader.number(field);
    if (name == "length") part.length = reader.count(field);
    if (name == "inode") part.inode = reader.count(field);
    if (name == "tail") part.tail = reader.text(field);
  }
  return part;
}

ClosedFile read_closed(SealedReader& reader, const JsonText& text) {
  ClosedFile file;
  for (const JsonField& field : reader.object(text)) {
    const std::string_view name = field.name;
    if (name == "id") file.id = reader.count(field);
    if (name == "path") file.path = reader.text(field);
    if (name == "records") file.records = reader.count(field);
    if (name == "length") file.length = reader.count(field);
    if (name == "inode") file.inode = reader.count(field);
    if (name == "hook") file.has_hook = field.value.raw == "true";
  }
  return file;
}

ManifestChange read_change(SealedReader& reader, std::string_view line) {
  ManifestChange change;
  const std::vector<JsonField>& fields = reader.members(line, kVersion);
  const std::string_view reason = CheckpointReader::from_fields(fields, change.stored);
  if (!reason.empty()) reader.damaged(reason);
  for (const JsonField& field : fields) {
    const std::string_view name = field.name;
    if (name == "whole") {
      change.is_whole = true;
    } else if (name == "newest_ts") {
      change.newest_ts = reader.number(field);
    } else if (name == "last_id") {
      change.last_id = reader.count(field);
    } else if (name == "epoch") {
      change.epoch = reader.count(field);
    } else if (name == "parts") {
      for (const JsonText& text : reader.array(field)) {
        change.parts.push_back(read_part(reader, text));
      }
    } else if (name == "closed") {
      for (const JsonText& text : reader.array(field)) {
        change.closed.push_back(read_closed(reader, text));
      }
    } else if (name == "named") {
      for (const JsonText& text : reader.array(field)) {
        change.named.push_back(reader.count({name, text}));
      }
    }
  }
  return change;
}

}  // namespace

void apply(const ManifestChange& change, PartitionState& state) {
  if (change.is_whole) state = PartitionState{};
  state.stored = change.stored;
  state.newest_ts = change.newest_ts;
  state.last_id = change.last_id;
  state.epoch = change.epoch;
  for (const PartState& part : change.parts) state.parts[part.id] = part;
  for (const ClosedFile& file : change.closed) {
    state.parts.erase(file.id);
    state.closed[file.id] = file;
  }
  for (const std::uint64_t id : change.named) state.closed.erase(id);
}

ManifestChange whole(const PartitionState& state) {
  ManifestChange change;
  change.is_whole = true;
  change.stored = state.stored;
  change.newest_ts = state.newest_ts;
  change.last_id = state.last_id;
  change.epoch = state.epoch;
  for (const auto& [id, part] : state.parts) change.parts.push_back(part);
  for (const auto& [id, file] : state.closed) change.closed.push_back(file);
  return change;
}

void append_line(OutBuffer& out, const ManifestChange& change) {
  const std::size_t begin = out.size();
  append_checkpoint(out, change.stored);
  out.truncate(out.size() - 1);  // its brace
  append_member(out, "version", kVersion);
  if (change.is_whole) out.append(",\"whole\":true");
  if (change.newest_ts) append_member(out, "newest_ts", *change.newest_ts);
  append_member(out, "last_id", change.last_id);
  append_member(out, "epoch", change.epoch);
  if (!change.parts.empty()) {
    List list(out, "parts");
    for (const PartState& part : change.parts) {
      list.next();
      append_part(out, part);
    }
  }
  if (!change.closed.empty()) {
    List list(out, "closed");
    for (const ClosedFile& file : change.closed) {
      list.next();
      append_closed(out, file);
    }
  }
  if (!change.named.empty()) {
    List list(out, "named");
    for (const std::uint64_t id : change.named) {
      list.next();
      out.append_int(static_cast<std::int64_t>(id));
    }
  }
  seal_line(out, begin);
}

PartitionState read_manifest(std::string_view text, const std::string& where) {
  SealedReader reader("manifest", where, kRemedy);
  PartitionState state;
  bool begun = false;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(at, end - at);
    if (!is_sealed(line)) reader.damaged("a checksum does not match");
    const ManifestChange change = read_change(reader, line);
    if (!begun && !change.is_whole) reader.damaged("its beginning is missing");
    begun = true;
    apply(change, state);
    at = end + 1;
  }
  if (!begun) reader.damaged("no whole line");
  return state;
}

}  // namespace kpipe
