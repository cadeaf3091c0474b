// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.hpp"

#include <array>

namespace kpipe {

std::string duration_text(std::int64_t ms) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (ms < units[i].ms) continue;
    std::string text = std::to_string(ms / units[i].ms) + units[i].name;
    if (i + 1 == units.size()) return text;
    const std::int64_t rest = ms % units[i].ms / units[i + 1].ms;
    return text + (rest < 10 ? "0" : "") + std::to_string(rest) + units[i + 1].name;
  }
  return std::to_string(ms) + "ms";
}

}  // namespace kpipe
