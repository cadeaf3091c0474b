// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_pattern.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace kpipe {
namespace {

constexpr std::size_t kMostPattern = 2'000;  ///< characters
constexpr std::size_t kMostGroups = 200;     ///< each nests the compiler deeper
/// The states of a pattern, about, times the characters of a text: some seconds at worst.
constexpr std::size_t kMostWork = 20'000'000;
constexpr std::size_t kMostStates = 50'000;

/// About how many states a pattern has: repeated counts multiply.
std::size_t states_of(const std::string& pattern) {
  std::size_t states = pattern.size() + 1;
  for (std::size_t at = 0; (at = pattern.find('{', at)) != std::string::npos; ++at) {
    std::size_t most = 0;
    std::size_t number = 0;
    for (std::size_t i = at + 1; i < pattern.size() && pattern[i] != '}'; ++i) {
      const bool digit = std::isdigit(static_cast<unsigned char>(pattern[i])) != 0;
      number = digit ? std::min<std::size_t>(
                           number * 10 + static_cast<std::size_t>(pattern[i] - '0'), kMostStates)
                     : 0;
      most = std::max(most, number);
    }
    states = std::min(states * std::max<std::size_t>(most, 1), kMostStates + 1);
  }
  return states;
}

/// A backslash before a number, but for \0. libstdc++ would refuse it, too, after it has read the
/// number into a long that may overflow.
bool has_back_reference(std::string_view pattern) {
  const auto is_digit = [&](std::size_t i) {
    return i < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[i])) != 0;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    ++i;
    if (is_digit(i) && (pattern[i] != '0' || is_digit(i + 1))) return true;
  }
  return false;
}

std::wregex compiled(const std::string& pattern) {
  // This flag, which is libstdc++'s own, walks all alternatives at once instead of one by one.
  constexpr auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
  try {
    return std::wregex(utf8_characters(pattern, kMostPattern), flags);
  } catch (const std::regex_error& error) {
    throw std::invalid_argument(error.code() == std::regex_constants::error_complexity
                                    ? "a back reference is more than kpipe checks"
                                    : "it is no regular expression that kpipe can read");
  }
}

}  // namespace

std::size_t utf8_length(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::wstring utf8_characters(std::string_view utf8, std::size_t most) {
  std::wstring characters;
  characters.reserve(std::min(utf8.size(), most));
  for (std::size_t i = 0; i < utf8.size() && characters.size() < most;) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t code = size == 1 ? first : first & (0xFFU >> (size + 1));
    for (std::size_t k = 1; k < size && i + k < utf8.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
    characters.push_back(static_cast<wchar_t>(code));
    i += size;
  }
  return characters;
}

JsonPattern::JsonPattern(const std::string& pattern) : text_(pattern), longest_(0) {
  if (utf8_length(pattern) > kMostPattern)
    throw std::invalid_argument("it has more than 2000 characters");
  if (std::count(pattern.begin(), pattern.end(), '(') > static_cast<std::ptrdiff_t>(kMostGroups))
    throw std::invalid_argument("it has more than 200 groups");
  if (has_back_reference(pattern))
    throw std::invalid_argument("a back reference is more than kpipe checks");
  const std::size_t states = states_of(pattern);
  if (states > kMostStates) throw std::invalid_argument("it repeats too much");
  longest_ = kMostWork / states;
  regex_ = compiled(pattern);
}

bool JsonPattern::found_in(std::string_view utf8) const {
  return std::regex_search(utf8_characters(utf8, longest_), regex_);
}

}  // namespace kpipe
