// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/aside_name.hpp"

#include <cstddef>
#include <cstdint>

namespace kpipe {
namespace {

constexpr std::size_t kMostBytes = 63;  // NAMEDATALEN - 1

/// FNV-1a, in 16 digits.
std::string hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(hash >> shift) & 0xf];
  return digits;
}

}  // namespace

std::string aside_name(std::string_view table, std::string_view suffix) {
  if (table.size() + suffix.size() <= kMostBytes) return std::string(table) + std::string(suffix);
  const std::string hash = "_" + hash_of(table);
  std::size_t kept = kMostBytes - suffix.size() - hash.size();
  // Not within a character of UTF-8.
  while (kept > 0 && (static_cast<unsigned char>(table[kept]) & 0xc0) == 0x80) --kept;
  return std::string(table.substr(0, kept)) + hash + std::string(suffix);
}

std::string aside_comment(const std::string& target) {
  return "kpipe: what is to replace the rows of " + target +
         " (ksink-pg --strategy replace); dropped when the next run begins";
}

std::string aside_sink(const std::string& sink) {
  return sink + std::string(kAsideSinkSuffix);
}

}  // namespace kpipe
