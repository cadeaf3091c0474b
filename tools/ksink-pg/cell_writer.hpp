// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_reader.hpp"
#include "tools/ksink-pg/column.hpp"
#include "tools/ksink-pg/copy_text.hpp"

namespace kpipe {

/// JSON value -> field of a COPY line, as the column's kind wants it. null is NULL whatever the
/// kind.
class CellWriter {
 public:
  CellProblem write(OutBuffer& out, const JsonText& value, ColumnKind kind);

  /// A whole record value as bytes: {"base64":...} decoded, a string's UTF-8.
  CellProblem write_bytes(OutBuffer& out, const JsonText& value);

  /// {"base64":"..."} and nothing else.
  bool is_base64_object(const JsonText& value);

 private:
  CellProblem write_plain(OutBuffer& out, const JsonText& value);
  CellProblem write_base64(OutBuffer& out);
  CellProblem write_array(OutBuffer& out, const JsonText& value, bool of_json);
  CellProblem append_array(std::string& out, const JsonText& array, bool of_json, int depth);

  JsonReader reader_;
  std::vector<JsonField> fields_;
  std::string scratch_;
  std::string array_;
};

}  // namespace kpipe
