// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/cell_writer.hpp"

#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

/// PostgreSQL's own limit of dimensions (MAXDIM).
constexpr int kMaxDimensions = 6;

void append_array_element(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
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
    case ColumnKind::json:
      append_copy_text(out, value.raw);
      return CellProblem::none;
    case ColumnKind::bytea:
      if (is_base64_object(value)) return write_base64(out);
      break;
    case ColumnKind::instant:
      if (const auto ms = json_int(value)) {
        append_copy_instant(out, *ms);
        return CellProblem::none;
      }
      break;
    case ColumnKind::array:
    case ColumnKind::json_array:
      if (value.kind == JsonKind::array)
        return write_array(out, value, kind == ColumnKind::json_array);
      break;
  }
  return write_plain(out, value);
}

CellProblem CellWriter::write_plain(OutBuffer& out, const JsonText& value) {
  switch (value.kind) {
    case JsonKind::string:
      return append_copy_string(out, value.raw, scratch_);
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
  if (is_base64_object(value)) return write_base64(out);
  scratch_.clear();
  if (value.kind != JsonKind::string) {
    scratch_ = value.raw;
  } else if (!append_unescaped(scratch_, value.raw)) {
    return CellProblem::surrogate;
  }
  append_copy_hex(out, scratch_);
  return CellProblem::none;
}

bool CellWriter::is_base64_object(const JsonText& value) {
  return value.kind == JsonKind::object && reader_.object(value.raw, fields_) &&
         fields_.size() == 1 && fields_.front().name == "base64" &&
         fields_.front().value.kind == JsonKind::string;
}

CellProblem CellWriter::write_base64(OutBuffer& out) {
  const auto text = plain_string(fields_.front().value);
  scratch_.clear();
  if (!text || !append_base64_decoded(scratch_, *text)) return CellProblem::not_base64;
  append_copy_hex(out, scratch_);
  return CellProblem::none;
}

CellProblem CellWriter::write_array(OutBuffer& out, const JsonText& value, bool of_json) {
  array_.clear();
  const CellProblem problem = append_array(array_, value, of_json, 1);
  if (problem == CellProblem::none) append_copy_text(out, array_);
  return problem;
}

CellProblem CellWriter::append_array(std::string& out, const JsonText& array, bool of_json,
                                     int depth) {
  if (depth > kMaxDimensions) return CellProblem::too_deep;
  std::vector<JsonText> elements;
  if (!reader_.array(array.raw, elements)) return CellProblem::too_deep;
  char separator = '{';
  for (const JsonText& element : elements) {
    out += separator;
    separator = ',';
    if (element.is_null()) {
      out += "NULL";
    } else if (of_json) {
      append_array_element(out, element.raw);
    } else if (element.kind == JsonKind::array) {
      const CellProblem problem = append_array(out, element, of_json, depth + 1);
      if (problem != CellProblem::none) return problem;
    } else if (element.kind == JsonKind::string) {
      scratch_.clear();
      if (!append_unescaped(scratch_, element.raw)) return CellProblem::surrogate;
      if (scratch_.find('\0') != std::string::npos) return CellProblem::nul;
      append_array_element(out, scratch_);
    } else {
      append_array_element(out, element.raw);
    }
  }
  if (separator == '{') out += '{';
  out += '}';
  return CellProblem::none;
}

}  // namespace kpipe
