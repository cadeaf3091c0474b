// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/copy_fault.hpp"

#include <algorithm>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

CopyFault read_copy_context(std::string_view context, std::string_view table) {
  CopyFault fault;
  // A trigger's or foreign key's own lines stand before COPY's.
  const std::string start = "COPY " + std::string(table) + ", ";
  const std::size_t at = context.find(start);
  if (at == std::string_view::npos) return fault;
  context.remove_prefix(at + start.size());
  const auto first = std::find_if(context.begin(), context.end(), is_digit);
  const auto last = std::find_if_not(first, context.end(), is_digit);
  const auto line = parse_int(std::string_view(first, last));
  if (!line) return fault;
  fault.line = static_cast<std::uint64_t>(*line);
  context = std::string_view(last, context.end());
  // ", column NAME: TEXT" or ", column NAME, null input"; without a column it is ": WHOLE LINE".
  if (!context.starts_with(", ")) return fault;
  context.remove_prefix(2);
  const std::size_t space = context.find(' ');
  if (space == std::string_view::npos) return fault;
  context.remove_prefix(space + 1);
  fault.column = context.substr(0, std::min(context.find(": "), context.find(", ")));
  return fault;
}

bool is_refused_text(const CopyFault& fault, std::string_view sqlstate) noexcept {
  // Only while it reads a column's text does the server name the column.
  return !fault.column.empty() && (sqlstate == "42601" || sqlstate == "XX000");
}

}  // namespace kpipe
