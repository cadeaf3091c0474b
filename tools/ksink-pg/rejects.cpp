// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/rejects.hpp"

#include "common/wire/json_text.hpp"
#include "tools/ksink-pg/reject_file.hpp"
#include "tools/ksink-pg/reject_table.hpp"

namespace kpipe {

std::unique_ptr<RejectStore> make_reject_store(const RejectOptions& options, bool create_table) {
  if (!options.file.empty()) return std::make_unique<RejectFile>(options.file);
  if (options.set_aside()) return std::make_unique<RejectTable>(options.table, create_table);
  return nullptr;
}

void append_reject_line(OutBuffer& out, const Batch::Entry& entry, const Refusal& refusal,
                        const std::string& table) {
  out.append(entry.line.substr(0, entry.line.rfind('}')));
  out.append(",\"error\":{\"table\":");
  append_json_string(out, table);
  const auto member = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out.append(name);
    append_json_bytes(out, value);
  };
  member(",\"sqlstate\":", refusal.sqlstate);
  member(",\"message\":", refusal.message);
  member(",\"column\":", refusal.column);
  member(",\"constraint\":", refusal.constraint);
  out.append("}}\n");
}

std::string to_ascii_json(std::string_view json) {
  std::string text;
  const auto escape = [&](unsigned unit) {
    text += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) text += "0123456789abcdef"[(unit >> shift) & 0xfU];
  };
  for (std::size_t i = 0; i < json.size();) {
    const auto byte = static_cast<unsigned char>(json[i++]);
    if (byte < 0x80) {
      text += static_cast<char>(byte);
      continue;
    }
    const int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    unsigned point = byte & (0x3fU >> more);
    for (int j = 0; j < more && i < json.size(); ++j)
      point = point << 6 | (static_cast<unsigned char>(json[i++]) & 0x3fU);
    if (point < 0x10000) {
      escape(point);
    } else {
      escape(0xd800 + ((point - 0x10000) >> 10));
      escape(0xdc00 + ((point - 0x10000) & 0x3ffU));
    }
  }
  return text;
}

}  // namespace kpipe
