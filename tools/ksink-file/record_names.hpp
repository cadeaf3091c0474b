// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/json_reader.hpp"
#include "common/wire/record.hpp"
#include "tools/ksink-file/name_template.hpp"
#include "tools/ksink-file/utc_format.hpp"

namespace kpipe {

/// What a template makes of records. A string is its characters, {"base64":"..."} its bytes,
/// anything else its JSON text; see name_text.hpp. For one thread.
class RecordNames {
 public:
  explicit RecordNames(NameTemplate names);

  const NameTemplate& names() const noexcept { return names_; }

  /// All that tells a record's file from others of its partition: the grouping parts, each with a
  /// '\n' behind it. Empty for a template without any. The view lives until the next call.
  std::string_view group(const Record& record);

  /// The name of a file that begins with this record, with NameTemplate::kEnd in it.
  std::string name(const Record& first);

 private:
  void append_value(const Record& record, std::size_t part, std::string& out);
  void append_text(const JsonText& text, std::string& out);
  JsonText header(const Record& record, const std::string& name);
  JsonText field(const Record& record, std::string_view path);

  NameTemplate names_;
  std::vector<std::size_t> grouping_;  ///< indices of parts
  std::map<std::size_t, UtcFormat> formats_;
  JsonReader reader_;
  std::vector<JsonField> fields_;
  std::vector<JsonText> elements_;
  std::string group_;
};

/// The characters of a string, the bytes of {"base64":"..."}, or else the JSON text itself. The
/// text needs padding, as JsonReader says.
std::string bytes_of_json(const JsonText& text, JsonReader& reader);

}  // namespace kpipe
