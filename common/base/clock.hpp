// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kpipe {

/// Now by the machine's clock, in ms since the epoch, as record timestamps are. For what people and
/// records name by time, never for waiting: it may jump.
inline std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// "350ms", "12s", "5m03s", "1h02m", "3d04h": two units are enough for people.
std::string duration_text(std::int64_t ms);

}  // namespace kpipe
