// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/record_names.hpp"

#include <utility>

#include "common/wire/json_text.hpp"
#include "tools/ksink-file/name_text.hpp"

namespace kpipe {
namespace {

using Kind = NamePart::Kind;

/// The last of that name, as a JSON object's reader would take it.
JsonText find(const std::vector<JsonField>& fields, std::string_view name) {
  JsonText found;
  for (const JsonField& field : fields) {
    if (field.name == name) found = field.value;
  }
  return found;
}

}  // namespace

std::string bytes_of_json(const JsonText& text, JsonReader& reader) {
  std::string bytes;
  if (text.kind == JsonKind::string && append_unescaped(bytes, text.raw)) return bytes;
  if (text.kind == JsonKind::object) {
    std::vector<JsonField> fields;
    const bool is_bytes =
        reader.object(text.raw, fields) && fields.size() == 1 && fields[0].name == "base64";
    const auto coded = is_bytes ? plain_string(fields[0].value) : std::nullopt;
    if (coded && append_base64_decoded(bytes, *coded)) return bytes;
  }
  return std::string(text.raw);
}

RecordNames::RecordNames(NameTemplate names) : names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.parts().size(); ++i) {
    const NamePart& part = names_.parts()[i];
    if (part.is_grouping()) grouping_.push_back(i);
    const bool is_time = part.kind == Kind::ts || part.kind == Kind::first_ts;
    if (is_time && !part.argument.empty()) formats_.emplace(i, *UtcFormat::parse(part.argument));
  }
}

std::string_view RecordNames::group(const Record& record) {
  group_.clear();
  for (const std::size_t part : grouping_) {
    append_value(record, part, group_);
    group_ += '\n';
  }
  return group_;
}

std::string RecordNames::name(const Record& first) {
  std::string name;
  for (std::size_t i = 0; i < names_.parts().size(); ++i) append_value(first, i, name);
  return name;
}

void RecordNames::append_value(const Record& record, std::size_t index, std::string& out) {
  const NamePart& part = names_.parts()[index];
  switch (part.kind) {
    case Kind::literal:
      out += part.argument;
      break;
    case Kind::topic:
      out += name_of_text(record.topic);
      break;
    case Kind::partition:
      out += std::to_string(record.partition);
      break;
    case Kind::start:
      out += std::to_string(record.offset);
      break;
    case Kind::end:
      out += NameTemplate::kEnd;
      break;
    case Kind::key:
      append_text(record.key, out);
      break;
    case Kind::header:
      append_text(header(record, part.argument), out);
      break;
    case Kind::field:
      append_text(field(record, part.argument), out);
      break;
    case Kind::ts:
    case Kind::first_ts:
      if (!record.timestamp_ms) {
        out += kNullName;
      } else if (part.argument.empty()) {
        out += std::to_string(*record.timestamp_ms);
      } else {
        out += formats_.at(index).format(*record.timestamp_ms).value_or(kNullName);
      }
      break;
  }
}

void RecordNames::append_text(const JsonText& text, std::string& out) {
  out += text.is_null() ? std::string(kNullName) : name_of_text(bytes_of_json(text, reader_));
}

/// Headers come as [{"key","value"}...], as ["name","value",...] of kcat, or as an object.
JsonText RecordNames::header(const Record& record, const std::string& name) {
  if (record.headers.kind == JsonKind::object) {
    return reader_.object(record.headers.raw, fields_) ? find(fields_, name) : JsonText{};
  }
  JsonText found;
  if (record.headers.kind != JsonKind::array) return found;
  if (!reader_.array(record.headers.raw, elements_)) return found;
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    if (elements_[i].kind != JsonKind::object) {
      const bool has_value = i + 1 < elements_.size();
      if (has_value && bytes_of_json(elements_[i], reader_) == name) found = elements_[i + 1];
      ++i;
      continue;
    }
    if (!reader_.object(elements_[i].raw, fields_)) continue;
    const JsonText key = find(fields_, "key");
    const JsonText value = find(fields_, "value");
    if (!key.is_null() && bytes_of_json(key, reader_) == name) found = value;
  }
  return found;
}

JsonText RecordNames::field(const Record& record, std::string_view path) {
  JsonText found = record.value;
  for (;;) {
    if (found.kind != JsonKind::object || !reader_.object(found.raw, fields_)) return {};
    const std::size_t dot = path.find('.');
    found = find(fields_, path.substr(0, dot));
    if (dot == std::string_view::npos) return found;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace kpipe
