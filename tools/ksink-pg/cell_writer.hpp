// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
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
  explicit CellWriter(NulPolicy nul = NulPolicy::reject) : nul_(nul) {}

  CellProblem write(OutBuffer& out, const JsonText& value, ColumnKind kind);

  /// A whole record value as bytes: {"base64":...} decoded, a string's UTF-8.
  CellProblem write_bytes(OutBuffer& out, const JsonText& value);

  /// {"base64":"..."} and nothing else.
  bool is_base64_object(const JsonText& value);

 private:
  CellProblem write_plain(OutBuffer& out, const JsonText& value);
  CellProblem read_bytes(const JsonText& value);
  CellProblem write_hstore(OutBuffer& out, const JsonText& object);
  CellProblem append_array(const JsonText& array, ColumnKind kind, int depth);
  CellProblem append_element(const JsonText& element, ColumnKind kind);

  NulPolicy nul_;
  JsonReader reader_;
  std::vector<JsonField> fields_;
  std::string scratch_;
  OutBuffer composed_;  ///< the text of an array or hstore
};

}  // namespace kpipe
