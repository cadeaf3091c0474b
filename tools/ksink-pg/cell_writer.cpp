// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/cell_writer.hpp"

#include "common/wire/instant.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

/// PostgreSQL's own limit of dimensions (MAXDIM).
constexpr int kMaxDimensions = 6;

/// A string that bytea's input function reads as hexadecimal digits. In any other it would take a
/// backslash for an escape and refuse U+0000, so those are sent as their bytes.
bool is_hex_notation(const JsonText& value) {
  return value.kind == JsonKind::string && value.raw.starts_with(R"("\\x)");
}

bool append_instant(OutBuffer& out, const JsonText& number) {
  const auto ms = json_int(number);
  return ms && append_rfc3339(out, *ms);
}

/// As arrays and hstore quote any text.
void append_quoted(OutBuffer& out, std::string_view text) {
  out.append('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.append('\\');
    out.append(c);
  }
  out.append('"');
}

}  // namespace

CellProblem CellWriter::write(OutBuffer& out, const JsonText& value, ColumnKind kind) {
  if (value.is_null()) {
    out.append(kCopyNull);
    return CellProblem::none;
  }
  switch (kind) {
    case ColumnKind::plain:
      break;
    case ColumnKind::json: {
      std::string_view json = value.raw;
      const CellProblem problem = hold_json(json, nul_, scratch_);
      if (problem == CellProblem::none) append_copy_text(out, json);
      return problem;
    }
    case ColumnKind::bytea:
      if (is_hex_notation(value)) break;
      return write_bytes(out, value);
    case ColumnKind::instant:
      if (value.kind != JsonKind::number) break;
      return append_instant(out, value) ? CellProblem::none : CellProblem::no_instant;
    case ColumnKind::time:
      if (value.kind == JsonKind::number) return CellProblem::no_time;
      break;
    case ColumnKind::hstore:
      if (value.kind != JsonKind::object) break;
      return write_hstore(out, value);
    case ColumnKind::array:
    case ColumnKind::json_array:
    case ColumnKind::bytea_array:
    case ColumnKind::instant_array:
    case ColumnKind::time_array: {
      if (value.kind == JsonKind::object) return CellProblem::no_array;
      if (value.kind != JsonKind::array) break;
      composed_.clear();
      const CellProblem problem = append_array(value, *element_kind(kind), 1);
      if (problem == CellProblem::none) append_copy_text(out, composed_.view());
      return problem;
    }
  }
  return write_plain(out, value);
}

CellProblem CellWriter::write_plain(OutBuffer& out, const JsonText& value) {
  switch (value.kind) {
    case JsonKind::string:
      return append_copy_string(out, value.raw, nul_, scratch_);
    case JsonKind::object:
    case JsonKind::array:
      append_copy_text(out, value.raw);
      break;
    default:
      out.append(value.raw);
  }
  return CellProblem::none;
}

CellProblem CellWriter::write_bytes(OutBuffer& out, const JsonText& value) {
  const CellProblem problem = read_bytes(value);
  if (problem == CellProblem::none) append_copy_hex(out, scratch_);
  return problem;
}

bool CellWriter::is_base64_object(const JsonText& value) {
  return value.kind == JsonKind::object && reader_.object(value.raw, fields_) &&
         fields_.size() == 1 && fields_.front().name == "base64" &&
         fields_.front().value.kind == JsonKind::string;
}

/// Into scratch_: what {"base64":...} stands for, a string's UTF-8 (U+0000 is a byte like others),
/// anything else as it stands.
CellProblem CellWriter::read_bytes(const JsonText& value) {
  scratch_.clear();
  if (is_base64_object(value)) {
    const auto text = plain_string(fields_.front().value);
    return text && append_base64_decoded(scratch_, *text) ? CellProblem::none
                                                          : CellProblem::not_base64;
  }
  if (value.kind != JsonKind::string) {
    scratch_ = value.raw;
    return CellProblem::none;
  }
  return append_unescaped(scratch_, value.raw) ? CellProblem::none : CellProblem::surrogate;
}

/// "name"=>"text" of each member; what is nested stays JSON.
CellProblem CellWriter::write_hstore(OutBuffer& out, const JsonText& object) {
  if (!reader_.object(object.raw, fields_)) return CellProblem::surrogate;
  composed_.clear();
  std::string_view separator;
  for (const JsonField& member : fields_) {
    composed_.append(separator);
    separator = ",";
    scratch_ = member.name;
    if (!apply_nul_policy(scratch_, nul_)) return CellProblem::nul;
    append_quoted(composed_, scratch_);
    composed_.append("=>");
    const CellProblem problem = append_element(member.value, ColumnKind::plain);
    if (problem != CellProblem::none) return problem;
  }
  append_copy_text(out, composed_.view());
  return CellProblem::none;
}

/// To composed_.
CellProblem CellWriter::append_array(const JsonText& array, ColumnKind kind, int depth) {
  if (depth > kMaxDimensions) return CellProblem::too_deep;
  std::vector<JsonText> elements;
  if (!reader_.array(array.raw, elements)) return CellProblem::too_deep;
  composed_.append('{');
  std::string_view separator;
  for (const JsonText& element : elements) {
    composed_.append(separator);
    separator = ",";
    const bool is_nested = element.kind == JsonKind::array && kind != ColumnKind::json;
    const CellProblem problem =
        is_nested ? append_array(element, kind, depth + 1) : append_element(element, kind);
    if (problem != CellProblem::none) return problem;
  }
  composed_.append('}');
  return CellProblem::none;
}

CellProblem CellWriter::append_element(const JsonText& element, ColumnKind kind) {
  if (element.is_null()) {
    composed_.append("NULL");
    return CellProblem::none;
  }
  const bool is_number = element.kind == JsonKind::number;
  std::string_view text = element.raw;
  CellProblem problem = CellProblem::none;
  if (kind == ColumnKind::json) {
    problem = hold_json(text, nul_, scratch_);
  } else if (kind == ColumnKind::bytea && !is_hex_notation(element)) {
    problem = read_bytes(element);
    composed_.append('"');
    append_copy_hex(composed_, scratch_);  // an array doubles the backslash as COPY does
    composed_.append('"');
    return problem;
  } else if (kind == ColumnKind::instant && is_number) {
    composed_.append('"');
    if (!append_instant(composed_, element)) problem = CellProblem::no_instant;
    composed_.append('"');
    return problem;
  } else if (kind == ColumnKind::time && is_number) {
    return CellProblem::no_time;
  } else if (element.kind == JsonKind::string) {
    problem = unescape_text(scratch_, element.raw, nul_);
    text = scratch_;
  }
  if (problem == CellProblem::none) append_quoted(composed_, text);
  return problem;
}

}  // namespace kpipe
