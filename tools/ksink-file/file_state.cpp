// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/file_state.hpp"

#include <vector>

#include "common/base/error.hpp"
#include "common/wire/json_reader.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/digest.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::string_view kDigestName = ",\"sha256\":\"";
constexpr std::string_view kLineEnd = "\"}";
constexpr std::size_t kDigestSize = 64;
constexpr std::size_t kSealSize = kDigestName.size() + kDigestSize + kLineEnd.size();

void append_text(OutBuffer& out, std::string_view name, std::string_view value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_string(out, value);
}

/// Device, inode and length are unsigned; their 64 bits go through JSON's signed integers
/// unchanged.
void append_number(OutBuffer& out, std::string_view name, std::uint64_t value) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  out.append_int(static_cast<std::int64_t>(value));
}

[[noreturn]] void throw_damaged(const std::string& where, std::string_view what) {
  throw Error(
      Exit::data,
      "checkpoint: " + where + ": damaged (" + std::string(what) +
          "), so nobody can tell what is stored. Restore it from a backup together with its "
          "data file, or " +
          kStartAnew);
}

bool is_sealed(std::string_view line) {
  if (line.size() < kSealSize) return false;
  const std::string_view body = line.substr(0, line.size() - kSealSize);
  const std::string seal = std::string(kDigestName) + sha256_hex(body) + std::string(kLineEnd);
  return line.substr(body.size()) == seal;
}

class StateReader {
 public:
  explicit StateReader(const std::string& where) : where_(where) {}

  FileState read(std::string_view line) {
    text_.append(line);
    std::vector<JsonField> fields;
    if (!reader_.object(text_.view(), fields)) throw_damaged(where_, "not a JSON object");
    check_version(fields);
    FileState state;
    for (const JsonField& field : fields) take(field, state);
    return state;
  }

 private:
  void check_version(const std::vector<JsonField>& fields) const {
    for (const JsonField& field : fields) {
      if (field.name != "version") continue;
      const auto version = json_int(field.value);
      if (version == kVersion) return;
      throw Error(Exit::config, "checkpoint: " + where_ + ": has version " +
                                    std::string(field.value.raw) + ", this ksink-file reads " +
                                    std::to_string(kVersion) + ". Use the kpipe that wrote it");
    }
    throw_damaged(where_, "no version");
  }

  void take(const JsonField& field, FileState& state) {
    const std::string_view name = field.name;
    if (name == "sink") {
      state.sink = text(field);
    } else if (name == "group") {
      state.group = text(field);
    } else if (name == "cluster") {
      state.cluster = text(field);
    } else if (name == "content") {
      state.content = text(field);
    } else if (name == "compress") {
      state.compress = text(field);
    } else if (name == "tail") {
      state.tail = text(field);
    } else if (name == "device") {
      state.file.device = number(field);
    } else if (name == "inode") {
      state.file.inode = number(field);
    } else if (name == "length") {
      state.length = number(field);
    } else if (name == "closed") {
      state.closed = field.value.raw == "true";
    } else if (name == "offsets") {
      take_offsets(field, state);
    }
  }

  void take_offsets(const JsonField& field, FileState& state) {
    JsonReader array_reader;
    std::vector<JsonText> elements;
    OutBuffer copy;
    copy.append(field.value.raw);
    if (!array_reader.array(copy.view(), elements)) throw_damaged(where_, "offsets");
    CheckpointReader checkpoint_reader;
    for (const JsonText& element : elements) {
      Checkpoint checkpoint;
      const std::string_view reason = checkpoint_reader.read(element.raw, checkpoint);
      if (!reason.empty()) throw_damaged(where_, reason);
      state.offsets[checkpoint.tp] =
          StoredOffset{checkpoint.offset, checkpoint.generation, checkpoint.topic_id};
    }
  }

  std::string text(const JsonField& field) const {
    std::string out;
    if (field.value.kind != JsonKind::string || !append_unescaped(out, field.value.raw)) {
      throw_damaged(where_, field.name);
    }
    return out;
  }

  std::uint64_t number(const JsonField& field) const {
    const auto value = json_int(field.value);
    if (!value) throw_damaged(where_, field.name);
    return static_cast<std::uint64_t>(*value);
  }

  const std::string& where_;
  JsonReader reader_;
  OutBuffer text_;
};

}  // namespace

void append_state_line(OutBuffer& out, const FileState& state) {
  const std::size_t begin = out.size();
  out.append("{\"version\":");
  out.append_int(kVersion);
  append_text(out, "sink", state.sink);
  append_text(out, "group", state.group);
  append_text(out, "cluster", state.cluster);
  append_text(out, "content", state.content);
  append_text(out, "compress", state.compress);
  append_number(out, "device", state.file.device);
  append_number(out, "inode", state.file.inode);
  append_number(out, "length", state.length);
  append_text(out, "tail", state.tail);
  if (state.closed) out.append(",\"closed\":true");
  out.append(",\"offsets\":[");
  bool first = true;
  for (const auto& [tp, stored] : state.offsets) {
    if (!first) out.append(',');
    first = false;
    append_checkpoint(out, Checkpoint{tp, stored.next, stored.generation, stored.topic_id});
  }
  out.append(']');
  const std::string digest = sha256_hex(out.view().substr(begin));
  out.append(kDigestName);
  out.append(digest);
  out.append(kLineEnd);
  out.append('\n');
}

FileState read_state(std::string_view text, const std::string& where) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) throw_damaged(where, "no whole line");
  const std::string_view lines = text.substr(0, end);
  const std::size_t before = lines.rfind('\n');
  const std::string_view line = before == std::string_view::npos ? lines : lines.substr(before + 1);
  if (!is_sealed(line)) throw_damaged(where, "its checksum does not match");
  return StateReader(where).read(line);
}

}  // namespace kpipe
