// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/content.hpp"

#include "tools/ksink-file/record_names.hpp"

namespace kpipe {

std::string_view ContentLines::of(const Batch::Entry& entry) {
  switch (content_) {
    case Content::record:
      return entry.line;
    case Content::value:
      return entry.record.value.raw;
    case Content::raw:
      break;
  }
  const JsonText& value = entry.record.value;
  if (value.is_null()) return {};
  if (const auto plain = plain_string(value)) return *plain;
  if (value.kind != JsonKind::string && value.kind != JsonKind::object) return value.raw;
  bytes_ = bytes_of_json(value, reader_);
  return bytes_;
}

}  // namespace kpipe
