// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/refused_row.hpp"

#include <utility>

namespace kpipe {
namespace {

std::string text_of(const std::string& table, const std::string& where, const Refusal& refusal,
                    const std::string& remedy) {
  std::string text = "row not stored in " + table + ": " + where + ": ";
  if (!refusal.column.empty()) text += "column " + refusal.column + ": ";
  text += refusal.message;
  if (!refusal.sqlstate.empty()) text += " [" + refusal.sqlstate + "]";
  return remedy.empty() ? text : text + ". " + remedy;
}

}  // namespace

RefusedRow::RefusedRow(const std::string& table, std::string where, Refusal refusal,
                       const std::string& remedy)
    : Error(Exit::data, text_of(table, where, refusal, remedy)),
      where_(std::move(where)),
      refusal_(std::move(refusal)) {}

}  // namespace kpipe
