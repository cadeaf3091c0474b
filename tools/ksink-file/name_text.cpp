// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/name_text.hpp"

#include "tools/ksink-file/digest.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";
/// How much of a text that is too long stays readable.
constexpr std::size_t kReadable = 32;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

void append_escaped(std::string& name, char c) {
  const auto byte = static_cast<unsigned char>(c);
  name += '%';
  name += kDigits[byte >> 4];
  name += kDigits[byte & 15];
}

}  // namespace

std::string name_of_text(std::string_view text) {
  if (text.empty()) return std::string(kEmptyName);
  std::string name;
  std::size_t readable = 0;
  for (std::size_t i = 0; i < text.size() && name.size() <= kMaxTextName; ++i) {
    const bool is_ours = i == 0 && (text == kNullName || text == kEmptyName);
    if (is_plain(text[i]) && !is_ours && !(i == 0 && text[i] == '.')) {
      name += text[i];
    } else {
      append_escaped(name, text[i]);
    }
    if (name.size() <= kReadable) readable = name.size();
  }
  if (name.size() <= kMaxTextName) return name;
  return name.substr(0, readable) + "%~" + sha256_hex(text);
}

}  // namespace kpipe
