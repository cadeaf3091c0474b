// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/sealed_line.hpp"

#include <utility>

#include "common/base/error.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/digest.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kDigestName = ",\"sha256\":\"";
constexpr std::string_view kLineEnd = "\"}";
constexpr std::size_t kDigestSize = 64;
constexpr std::size_t kSealSize = kDigestName.size() + kDigestSize + kLineEnd.size();

void append_name(OutBuffer& out, std::string_view name) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
}

}  // namespace

void seal_line(OutBuffer& out, std::size_t begin) {
  const std::string digest = sha256_hex(out.view().substr(begin));
  out.append(kDigestName);
  out.append(digest);
  out.append(kLineEnd);
  out.append('\n');
}

bool is_sealed(std::string_view line) {
  if (line.size() < kSealSize) return false;
  const std::string_view body = line.substr(0, line.size() - kSealSize);
  const std::string seal = std::string(kDigestName) + sha256_hex(body) + std::string(kLineEnd);
  return line.substr(body.size()) == seal;
}

void append_member(OutBuffer& out, std::string_view name, std::string_view text) {
  append_name(out, name);
  append_json_string(out, text);
}

void append_member(OutBuffer& out, std::string_view name, std::int64_t number) {
  append_name(out, name);
  out.append_int(number);
}

void append_member(OutBuffer& out, std::string_view name, std::uint64_t number) {
  append_member(out, name, static_cast<std::int64_t>(number));
}

SealedReader::SealedReader(std::string kind, std::string where, std::string remedy)
    : kind_(std::move(kind)), where_(std::move(where)), remedy_(std::move(remedy)) {}

void SealedReader::damaged(std::string_view what) const {
  throw Error(Exit::data, kind_ + ": " + where_ + ": damaged (" + std::string(what) +
                              "), so nobody can tell what is stored. " + remedy_);
}

const std::vector<JsonField>& SealedReader::members(std::string_view line, std::int64_t version) {
  text_.clear();
  text_.append(line);
  if (!reader_.object(text_.view(), fields_)) damaged("not a JSON object");
  for (const JsonField& field : fields_) {
    if (field.name != "version") continue;
    if (json_int(field.value) == version) return fields_;
    throw Error(Exit::config, kind_ + ": " + where_ + ": has version " +
                                  std::string(field.value.raw) + ", this ksink-file reads " +
                                  std::to_string(version) + ". Use the kpipe that wrote it");
  }
  damaged("no version");
}

std::string SealedReader::text(const JsonField& field) const {
  std::string out;
  if (field.value.kind != JsonKind::string || !append_unescaped(out, field.value.raw)) {
    damaged(field.name);
  }
  return out;
}

std::int64_t SealedReader::number(const JsonField& field) const {
  const auto value = json_int(field.value);
  if (!value) damaged(field.name);
  return *value;
}

std::vector<JsonText> SealedReader::array(const JsonField& field) const {
  JsonReader reader;
  std::vector<JsonText> elements;
  if (!reader.array(field.value.raw, elements)) damaged(field.name);
  return elements;
}

const std::vector<JsonField>& SealedReader::object(const JsonText& text) {
  if (!element_reader_.object(text.raw, element_)) damaged("an element");
  return element_;
}

Checkpoint SealedReader::checkpoint(const JsonText& text) const {
  Checkpoint checkpoint;
  const std::string_view reason = CheckpointReader().read(text.raw, checkpoint);
  if (!reason.empty()) damaged(reason);
  return checkpoint;
}

}  // namespace kpipe
