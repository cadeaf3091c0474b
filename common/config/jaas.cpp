// SPDX-License-Identifier: Apache-2.0
// parse_jaas() of java_properties.hpp.
#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "common/config/java_properties.hpp"

namespace kpipe {
namespace {

struct Token {
  std::string text;
  bool quoted = false;

  bool is(std::string_view mark) const { return !quoted && text == mark; }
};

/// Words, quoted texts, '=' and ';'.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  std::optional<Token> next() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return std::nullopt;
    const char first = rest_.front();
    if (first == '"' || first == '\'') return Token{quoted(first), true};
    if (first == '=' || first == ';') {
      rest_.remove_prefix(1);
      return Token{std::string(1, first)};
    }
    std::size_t end = 0;
    while (end < rest_.size() && !is_space(rest_[end]) && rest_[end] != '=' && rest_[end] != ';')
      ++end;
    Token word{std::string(rest_.substr(0, end))};
    rest_.remove_prefix(end);
    return word;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::string quoted(char quote) {
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) throw std::invalid_argument("a quote is not closed");
    rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

}  // namespace

JaasEntry parse_jaas(std::string_view text) {
  Tokens tokens(text);
  JaasEntry entry;
  const auto module = tokens.next();
  if (!module || module->is(";")) throw std::invalid_argument("names no login module");
  entry.module = module->text.substr(module->text.rfind('.') + 1);
  const auto flag = tokens.next();
  constexpr std::string_view flags[] = {"required", "requisite", "sufficient", "optional"};
  if (!flag || std::none_of(std::begin(flags), std::end(flags),
                            [&](std::string_view one) { return flag->is(one); }))
    throw std::invalid_argument("expected 'required' behind the login module");
  for (auto name = tokens.next();; name = tokens.next()) {
    if (!name) throw std::invalid_argument("the ';' at its end is missing");
    if (name->is(";")) break;
    const auto equals = tokens.next();
    auto value = equals && equals->is("=") ? tokens.next() : std::nullopt;
    if (!value || value->is(";")) throw std::invalid_argument("expected name=\"value\"");
    entry.options.push_back({name->text, std::move(value->text), 0});
  }
  if (tokens.next()) throw std::invalid_argument("holds several login modules; a client uses one");
  return entry;
}

}  // namespace kpipe
